#!/usr/bin/env python3
"""Fails when an include climbs the staircase of ci/floors.txt, goes sideways or is forbidden.

Names the file, the line and both floors. Never decides by a file's name: whatever is allowed
stands in floors.txt, exceptions with their reason.
"""

import argparse
import collections
import fnmatch
import pathlib
import posixpath
import re
import sys

from source_tree import COMPILED_SUFFIXES, CXX_SUFFIXES, Violation, blank_cxx, line_of, \
    list_files, read_text, report

# Over text without comments and literals, which tells directives; the name is then read from the
# text itself.
DIRECTIVE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?=[<"])', re.MULTILINE)
NAME = re.compile(r'([<"])([^>"\n]+)[>"]')
# Folders that public headers are included from: "dearth/schedule.h".
PUBLIC_ROOTS = ("hooks/include", "harness/include")

Floor = collections.namedtuple("Floor", "tree number folder")
Allowance = collections.namedtuple("Allowance", "line source target")


class FloorsError(Exception):
    """floors.txt itself is wrong."""


class Floors:
    """The staircase, read from its file."""

    def __init__(self, text, name):
        self.name = name
        self.floors = {}
        self.opened = collections.defaultdict(list)
        self.beside = []
        self.strangers = []
        self.singles = []
        self.allowances = []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#", 1)[0].split()
            if words:
                self._read(words, number)

    def _read(self, words, number):
        keyword, rest = words[0], words[1:]
        if keyword == "floor" and len(rest) >= 3 and rest[1].isdigit():
            for folder in rest[2:]:
                if folder in self.floors:
                    raise FloorsError(f"{self.name}:{number}: {folder} has a floor already")
                self.floors[folder] = Floor(rest[0], int(rest[1]), folder)
        elif keyword == "open" and len(rest) >= 2:
            self.opened[rest[0]] += rest[1:]
        elif keyword == "beside" and rest:
            self.beside += rest
        elif keyword == "strangers" and len(rest) == 2:
            self.strangers.append(tuple(rest))
        elif keyword == "single" and len(rest) >= 2:
            self.singles.append((rest[0], tuple(rest[1:])))
        elif keyword == "allow" and len(rest) >= 4 and rest[2] == ":":
            self.allowances.append(Allowance(number, rest[0], rest[1]))
        else:
            raise FloorsError(f"{self.name}:{number}: cannot read this line; "
                              "an allow line is: allow FROM TO : REASON")

    def floor_of(self, path):
        """The floor of the innermost folder that has one, or None."""
        for parent in pathlib.PurePosixPath(path).parents:
            if parent.as_posix() in self.floors:
                return self.floors[parent.as_posix()]
        return None

    def trees(self):
        return {floor.tree for floor in self.floors.values()}

    def is_open(self, floor, target):
        openings = self.opened[floor.tree] + self.opened[floor.folder]
        return any(is_inside(target, folder) for folder in openings)

    def allowance(self, source, target):
        for allowance in self.allowances:
            if is_inside(source, allowance.source) and is_inside(target, allowance.target):
                return allowance
        return None


def is_inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def describe(floor):
    return f"{floor.folder} ({floor.tree} floor {floor.number})"


class Checker:
    """Walks the includes of one tree."""

    def __init__(self, root, floors):
        self.root = root
        self.floors = floors
        self.files = list_files(root)
        self.known = set(self.files)
        self.violations = []
        self.used_allowances = set()
        self.sightings = collections.defaultdict(list)

    def run(self):
        governed = {folder.split("/")[0] for folder in self.floors.floors}
        for path in self.files:
            if not path.endswith(CXX_SUFFIXES):
                continue
            floor = self.floors.floor_of(path)
            if floor is None and path.split("/")[0] in governed - {"scenarios"}:
                self._add(path, 1, "no-floor", f"{pathlib.PurePosixPath(path).parent} stands on no "
                          f"floor; give it one in {self.floors.name}")
            self._check_file(path, floor)
        self._check_singles()
        for allowance in self.floors.allowances:
            if allowance not in self.used_allowances:
                self._add(self.floors.name, allowance.line, "stale",
                          f"nothing in {allowance.source} includes {allowance.target} any more; "
                          "remove this line")
        return sorted(self.violations)

    def _add(self, path, line, rule, text):
        self.violations.append(Violation(path, line, rule, text))

    def _check_file(self, path, floor):
        text = read_text(self.root, path) or ""
        for directive in DIRECTIVE.finditer(blank_cxx(text)):
            line = line_of(text, directive.end())
            match = NAME.match(text, directive.end())
            if match is None:
                continue
            quote, name = match.groups()
            self._note_single(path, line, name)
            target = self._resolve(path, line, quote, name)
            if target is not None and floor is not None:
                self._check_edge(path, line, floor, target)

    def _resolve(self, path, line, quote, name):
        """The project's file that an include names, or None for a header from outside."""
        candidates = [name] + [f"{root}/{name}" for root in PUBLIC_ROOTS]
        for candidate in candidates:
            if candidate in self.known:
                return candidate
        beside = posixpath.normpath((pathlib.PurePosixPath(path).parent / name).as_posix())
        if beside in self.known and any(is_inside(path, f) for f in self.floors.beside):
            return beside
        if name.startswith("dearth/") or quote == '"':
            how = (f'write it from the root: "{beside}"' if beside in self.known else
                   "headers from outside are included with <>")
            self._add(path, line, "unknown", f'"{name}" names no file of this project; {how}')
        return None

    def _check_edge(self, path, line, floor, target):
        if target.endswith(COMPILED_SUFFIXES):
            self._add(path, line, "source", f"includes {target}, which is a source; "
                      "link it, and include its header")
        other = self.floors.floor_of(target)
        problem = self._edge_problem(floor, other, target)
        if problem is None:
            self._check_strangers(path, line, target)
            return
        if self._is_allowed(path, target):
            return
        rule, advice = problem
        place = f" from {describe(other)}" if other else ", which stands on no floor"
        self._add(path, line, rule, f"{describe(floor)} includes {target}{place}; {advice}")

    def _is_allowed(self, path, target):
        allowance = self.floors.allowance(path, target)
        self.used_allowances.add(allowance)
        return allowance is not None

    def _edge_problem(self, floor, other, target):
        if other is None:
            return "forbidden", "what ships never includes it"
        if other.folder == floor.folder:
            return None
        if other.tree != floor.tree:
            if self.floors.is_open(floor, target):
                return None
            openings = self.floors.opened[floor.tree] + self.floors.opened[floor.folder]
            return "forbidden", f"open to it: {', '.join(openings) or 'nothing outside its tree'}"
        if other.number > floor.number:
            return "climb", "move the shared part down, or pass it in"
        if other.number == floor.number:
            return "sideways", "move the shared part a floor down, or let a floor above join them"
        return None

    def _check_strangers(self, path, line, target):
        source_file, target_file = pathlib.PurePosixPath(path), pathlib.PurePosixPath(target)
        for folder, pattern in self.floors.strangers:
            if (source_file.parent.as_posix() == folder == target_file.parent.as_posix()
                    and source_file.stem != target_file.stem
                    and fnmatch.fnmatchcase(source_file.stem, pattern)
                    and fnmatch.fnmatchcase(target_file.stem, pattern)):
                self._add(path, line, "stranger", f"{source_file.stem} includes {target}; files "
                          f"{pattern} of {folder} do not know each other")

    def _note_single(self, path, line, name):
        floor = self.floors.floor_of(path)
        for tree, headers in self.floors.singles:
            if floor is None or floor.tree != tree:
                continue
            if any(name == h or (h.endswith("/") and name.startswith(h)) for h in headers):
                self.sightings[(tree, headers)].append((path, line, name))

    def _check_singles(self):
        for sightings in self.sightings.values():
            sightings = [s for s in sightings if not self._is_allowed(s[0], s[2])]
            sources = [s for s in sightings if s[0].endswith(COMPILED_SUFFIXES)]
            keeper = sources[0][0] if sources else None
            for path, line, name in sightings:
                if not path.endswith(COMPILED_SUFFIXES):
                    self._add(path, line, "single", f"<{name}> in a header reaches every file that "
                              "includes it; only one source file may see it")
                elif path != keeper:
                    self._add(path, line, "single", f"<{name}> is seen by {keeper} already; only "
                              "one source file may see it")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--floors", type=pathlib.Path, help="default: ci/floors.txt below the root")
    options = parser.parse_args(arguments)
    path = options.floors or options.root / "ci/floors.txt"
    try:
        floors = Floors(path.read_text(encoding="utf-8"), "ci/floors.txt")
    except (OSError, FloorsError) as error:
        print(f"check_includes: {error}", file=sys.stderr)
        return 2
    return report("check_includes", Checker(options.root, floors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
