# Sets and frozen sets: algebra, growth, members that hash alike, sets of sets.
import builtins


def main():
    evens = set(range(0, 80, 2))
    threes = {n * 3 for n in range(30)}
    words = frozenset("one two three four".split())
    for n in range(0, 40, 4):
        evens.discard(n)
    same_hash = {1, 1.0, True, 2**61, 0}
    family = {frozenset([n % 4, n % 3]) for n in range(24)}
    print(sorted(evens & threes), len(evens | threes), len(evens ^ threes), sorted(words - {"one"}))
    print(sorted(same_hash), len(family), words.isdisjoint(evens), sorted(threes - evens)[:5])


builtins.workload = main  # the script is: workload()
