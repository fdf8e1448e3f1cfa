# Comprehensions of every kind, nested, with conditions, closures and the walrus.
import builtins


def main():
    pairs = [(a, b) for a in range(8) for b in range(a) if (a + b) % 3 == 0]
    index = {a: {b for x, b in pairs if x == a} for a, _ in pairs}
    steps = [make(10) for make in [lambda x, n=n: x * n for n in range(12)]]
    total = sum(y for x in range(20) if (y := x * x) % 2)
    flat = tuple(letter.upper() for word in ("ab", "cd", "ef") for letter in word)
    matrix = [[[i * j * k for i in range(3)] for j in range(3)] for k in range(3)]
    print(len(pairs), sorted(index[7]), steps[-3:], total, "".join(flat), matrix[2][2], y)


builtins.workload = main  # the script is: workload()
