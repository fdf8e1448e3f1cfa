# Text: f-strings, format specifications, percent formatting, joining, translation, encodings.
import builtins


def main():
    name, value, kinds = "dearth", 3.14159265, ["compact", "naïve", "日本", "🙂"]
    print(f"{name!r:>12}|{value:8.3f}|{value:+.2e}|{255:#06x}|{1234567:,}|{kinds[1]:^9}|")
    print("{0:<6}{1[2]}{2:*^7}".format(name, kinds, "mid"), "%-8s|%05d|%.1f%%" % (name, 42, 99.5))
    print(" ".join(f"{len(kind)}:{len(kind.encode())}" for kind in kinds), "-".join(kinds).upper())
    table = str.maketrans({"a": "4", "e": "3", "r": None})
    print(name.translate(table), name.replace("d", "DD").partition("a"), "a,b,,c".split(","))
    print("tab\tstop".expandtabs(8).title(), "x" * 40 + "é", ascii(kinds[2]), "ÄÖ".casefold())


builtins.workload = main  # the script is: workload()
