#!/usr/bin/env python3
"""Fails on what the house does not do: long files, functions and lines, banned calls and names,
promises without an issue, sources that nothing builds, paths of somebody's machine.

The rules stand in style_rules.py, agreed exceptions in style_exceptions.txt.
"""

import argparse
import fnmatch
import pathlib
import posixpath
import re
import sys

import style_rules as rules
from function_lengths import find_functions
from source_tree import COMPILED_SUFFIXES, CXX_SUFFIXES, Violation, blank_cxx, cxx_comments, \
    line_of, list_files, read_text, report

# Folders whose sources must stand in a CMakeLists.txt.
BUILT_FOLDERS = ("hooks", "harness", "fuzz", "tests", "scenarios")
PUBLIC_HEADERS = ("hooks/include/", "harness/include/")
EXCEPTIONS = "ci/style_exceptions.txt"
# How a build file names a source by a variable: add_executable(${name} ${name}.cpp).
VARIABLE_SOURCE = re.compile(r"\$\{\w+\}\w*\.(?:cpp|cc|c)\b")
SOURCE_WORD = re.compile(r"[\w./${}\-]+\.(?:cpp|cc|c)\b")


class ExceptionsError(Exception):
    """style_exceptions.txt itself is wrong."""


class Exceptions:
    """The agreed exceptions by (rule, path)."""

    def __init__(self, text):
        self.entries = {}
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#", 1)[0].split(None, 3)
            if not words:
                continue
            if len(words) < 4 or not (words[2] == "-" or words[2].isdigit()):
                raise ExceptionsError(f"{EXCEPTIONS}:{number}: cannot read this line; an entry is: "
                                      "RULE PATH LIMIT-OR-DASH REASON")
            limit = None if words[2] == "-" else int(words[2])
            self.entries[(words[0], words[1])] = (limit, number)

    def excuses(self, rule, path):
        return any(covers(key, rule, path) for key in self.entries)

    def limit(self, rule, path):
        return self.entries.get((rule, path), (None, 0))[0]

    def stale(self, needed):
        for key, (_, number) in sorted(self.entries.items()):
            if not any(covers(key, *need) for need in needed):
                yield Violation(EXCEPTIONS, number, "stale", f"{key[1]} no longer needs an "
                                f"exception from {key[0]}; remove this line")


def covers(key, rule, path):
    """`heap:*` covers every word of the rule heap."""
    return key[1] == path and fnmatch.fnmatchcase(rule, key[0])


def kind_of(path):
    """Which language's comments and lengths apply; None: text we do not format."""
    name = pathlib.PurePosixPath(path).name
    if path.endswith(CXX_SUFFIXES):
        return "cxx"
    if name == "CMakeLists.txt" or path.endswith(".cmake"):
        return "cmake"
    if path.endswith(".py") and not path.startswith("scenarios/"):  # those are input, not code
        return "python"
    if path.endswith(".sh") or path.startswith((".ci/", "ci/")) and "." not in name:
        return "shell"
    return None


def blank_hash_comments(text):
    """CMake, shell: without comments. A # inside a word or a string's word stays."""
    return re.sub(r"(?m)(^|\s)#[^\n]*", lambda m: m.group(1) + " " * (len(m.group(0)) -
                                                                     len(m.group(1))), text)


class Checker:
    """All rules over one tree."""

    def __init__(self, root, exceptions):
        self.root = root
        self.exceptions = exceptions
        self.files = list_files(root)
        self.violations = []
        self.needed = set()
        self.build_files = {}

    def run(self):
        texts = {path: read_text(self.root, path) for path in self.files}
        self.build_files = {path: blank_hash_comments(text) for path, text in texts.items()
                            if text is not None and kind_of(path) == "cmake"}
        for path, text in texts.items():
            self._check_name(path)
            if text is None:
                continue
            self._check_machine_paths(path, text)
            kind = kind_of(path)
            if kind is None:
                continue
            self._check_lengths(path, text)
            self._check_unfinished(path, text, kind)
            if kind in ("cxx", "python"):
                self._check_functions(path, text)
            if kind == "cmake":
                self._check_bans(path, self.build_files[path], rules.CMAKE_BANS)
            if kind == "cxx":
                self._check_bans(path, blank_cxx(text), rules.BANS)
                self._check_opening(path, text)
                self._check_guard(path, text)
                self._check_built(path)
        self.violations += self.exceptions.stale(self.needed)
        return sorted(self.violations)

    def _add(self, path, line, rule, text):
        """A violation unless it is excused."""
        self.needed.add((rule, path))
        if not self.exceptions.excuses(rule, path):
            self.violations.append(Violation(path, line, rule, text))

    def _check_name(self, path):
        for part in pathlib.PurePosixPath(path).parts:
            for word in re.split(r"[_.\-]", part):
                if word.lower() in rules.BANNED_NAMES:
                    self._add(path, 1, "name", f"'{word}' says nothing; name it "
                              f"{rules.BANNED_NAMES[word.lower()]}")

    def _check_lengths(self, path, text):
        count = text.count("\n") + (0 if text.endswith("\n") or not text else 1)
        if count > rules.FILE_LINES_HARD:
            self.needed.add(("file-lines", path))
            self.violations.append(Violation(path, count, "file-lines",
                                             f"{count} lines, and nothing excuses more than "
                                             f"{rules.FILE_LINES_HARD}; split it by subject"))
        elif count > rules.FILE_LINES_GOAL:
            self._check_ratchet(path, path, count, count, "file-lines", rules.FILE_LINES_GOAL,
                                "split it by subject")
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > rules.LINE_COLUMNS:
                self._add(path, number, "line-columns", f"{len(line)} columns, limit "
                          f"{rules.LINE_COLUMNS}; break the line")

    def _check_ratchet(self, path, key, line, length, rule, goal, advice):
        self.needed.add((rule, key))
        allowed = self.exceptions.limit(rule, key)
        if allowed is None:
            text = f"{length} lines, limit {goal}; {advice}"
        elif length > allowed:
            text = f"{length} lines, grown from {allowed}; {advice}"
        elif length < allowed:
            text = f"{length} lines, fewer than the {allowed} recorded; lower it in {EXCEPTIONS}"
        else:
            return
        self.violations.append(Violation(path, line, rule, text))

    def _check_functions(self, path, text):
        for function in find_functions(path, text):
            if function.lines > rules.FUNCTION_LINES:
                self._check_ratchet(path, f"{path}::{function.name}", function.line,
                                    function.lines, "function-lines", rules.FUNCTION_LINES,
                                    f"split {function.name} by what it does")

    def _check_unfinished(self, path, text, kind):
        comments = cxx_comments(text) if kind == "cxx" else "\n".join(
            line.partition("#")[2] for line in text.split("\n"))
        for match in rules.UNTRACKED_WORK.finditer(comments):
            self._add(path, line_of(comments, match.start()), "unfinished",
                      f"{match.group()} without an issue; finish it, or write "
                      f"{match.group()}(#number)")

    def _check_machine_paths(self, path, text):
        for match in rules.MACHINE_PATH.finditer(text):
            self._add(path, line_of(text, match.start()), "machine-path",
                      f"{match.group()} exists on one machine only; make it relative or a setting")

    def _check_bans(self, path, code, bans):
        for ban in bans:
            if ban.within and not path.startswith(tuple(f + "/" for f in ban.within)):
                continue
            if path.startswith(tuple(f + "/" for f in ban.outside)):
                continue
            for match in ban.pattern.finditer(code):
                found = match.group().strip().rstrip("(,)").strip()
                start = match.start() + len(match.group()) - len(match.group().lstrip())
                word = found.split()[-1].strip("<>")
                self._add(path, line_of(code, start), f"{ban.rule}:{word}", ban.advice)

    def _check_opening(self, path, text):
        """A source's purpose may stand in its header, a test's in its name."""
        header = pathlib.PurePosixPath(path).with_suffix(".h").as_posix()
        is_explained = path.startswith("tests/") or path != header and header in self.files
        if not is_explained and not text.lstrip().startswith(("//", "/*")):
            self._add(path, 1, "opening", "opens without a comment; say in one to six lines what "
                      "the file is for and what it must not do")

    def _check_guard(self, path, text):
        if not path.endswith((".h", ".hpp")):
            return
        has_pragma = re.search(r"(?m)^#pragma once$", text) is not None
        has_guard = re.search(r"(?m)^#ifndef (\w+_H)\n#define \1$", text) is not None
        if path.startswith(PUBLIC_HEADERS):
            if has_pragma or not has_guard:
                self._add(path, 1, "guard", "a public header has a classic guard: C includes it")
        elif not has_pragma and not has_guard:
            self._add(path, 1, "guard", "no #pragma once, nor a classic guard for C")

    def _check_built(self, path):
        if not path.endswith(COMPILED_SUFFIXES) or not path.startswith(
                tuple(f + "/" for f in BUILT_FOLDERS)):
            return
        if not any(names_source(folder, text, path) for folder, text in self.build_files.items()):
            self._add(path, 1, "unbuilt", "no CMakeLists.txt names it; add it to a target or "
                      "delete it")


def names_source(build_file, text, path):
    """True when the build file lists the source; below it, the stem is enough where the file's
    name is made from a variable."""
    folder = posixpath.dirname(build_file)
    for word in SOURCE_WORD.findall(text):
        from_root = word.replace("${PROJECT_SOURCE_DIR}", "", 1).lstrip("/")
        named = from_root if from_root != word else posixpath.join(folder, word)
        if posixpath.normpath(named) == path:
            return True
    if not path.startswith(folder) or not VARIABLE_SOURCE.search(text):
        return False
    stem = posixpath.splitext(posixpath.basename(path))[0]
    return re.search(r"(?<![\w.\-])" + re.escape(stem) + r"(?![\w.\-])", text) is not None


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    options = parser.parse_args(arguments)
    path = options.root / EXCEPTIONS
    try:
        exceptions = Exceptions(path.read_text(encoding="utf-8") if path.exists() else "")
    except ExceptionsError as error:
        print(f"check_style: {error}", file=sys.stderr)
        return 2
    return report("check_style", Checker(options.root, exceptions))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
