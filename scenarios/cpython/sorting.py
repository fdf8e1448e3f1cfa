# Sorting: keys, stability, reverse, mixed types, a key function that fails half-way.
import builtins


def main():
    words = "pear fig banana kiwi apple cherry date elderberry grape".split() * 2
    numbers = [(n * 7919) % 1009 for n in range(40)]
    by_length = sorted(words, key=len, reverse=True)
    pairs = sorted(enumerate(words), key=lambda pair: (len(pair[1]), -pair[0]))

    def key(word):
        if word == "kiwi":
            raise LookupError(word)
        return word[::-1]

    kept = list(words)
    try:
        kept.sort(key=key)
    except LookupError as error:
        problem = error.args[0]
    try:
        sorted([1, "one", 2.0])
    except TypeError as error:
        mixed = str(error)[:20]
    numbers.sort()
    print(by_length[:2], pairs[0], numbers[:3], kept == words, problem, mixed, max(words, key=len))


builtins.workload = main  # the script is: workload()
