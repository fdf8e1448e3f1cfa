# Lists: append, slices, insertion, repetition, reversal, nested copies, tuples and unpacking.
import builtins


def main():
    numbers = []
    for n in range(60):
        numbers.append(n * 300)
    numbers[10:20] = [-1] * 3
    numbers.insert(5, "five")
    del numbers[::7]
    first, *middle, last = numbers
    grid = [[row * column for column in range(6)] for row in range(6)]
    turned = list(zip(*grid))
    numbers.extend(reversed(middle))
    numbers.reverse()
    print(first, last, len(numbers), numbers.index("five"), turned[3], sum(grid[5]), numbers[1:4])


builtins.workload = main  # the script is: workload()
