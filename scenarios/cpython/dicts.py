# Dictionaries: growth, deletion, views, merging, split-key instances, order.
import builtins


def main():
    counts = {}
    for word in "the sweep fails each request of the script and looks at the rest".split():
        counts[word] = counts.get(word, 0) + 1
    big = {n: str(n * n) for n in range(48)}
    for n in range(0, 48, 3):
        del big[n]
    merged = {**counts, "extra": None} | {"the": 9}
    nested = {}
    nested.setdefault("a", {}).setdefault("b", []).append(len(merged))
    print(sorted(counts), len(big), big[47], merged["the"], nested, merged.keys() - counts.keys())


builtins.workload = main  # the script is: workload()
