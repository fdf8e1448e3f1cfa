# re: patterns compiled in the warm-up and one in the script; groups, substitution, splitting.
import builtins
import re

ROW = re.compile(r"(?P<verb>[A-Z]+) (?P<path>/\w+) (\d{3}) (\d+)ms")
MS = re.compile(r"(\d+)ms")


def main():
    log = "GET /a 200 12ms; PUT /b 404 7ms; GET /c 500 31ms"
    found = [m.groupdict() | {"at": m.start()} for m in ROW.finditer(log)]
    swapped = MS.sub(lambda m: f"{int(m[1]) / 1000:.3f}s", log)
    print(found, swapped, re.split(r";\s*", log)[1], ROW.search(log, 10).groups(), ROW.match("no"))


builtins.workload = main  # the script is: workload()
