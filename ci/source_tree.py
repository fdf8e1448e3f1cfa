"""What both checkers know about the tree: which files are ours, and C++ text without its comments.

Reads only. Knows no rule: rules live in check_includes.py and check_style.py.
"""

import dataclasses
import os
import pathlib
import subprocess

CXX_SUFFIXES = (".h", ".hpp", ".inc", ".c", ".cc", ".cpp")
COMPILED_SUFFIXES = (".c", ".cc", ".cpp")


@dataclasses.dataclass(frozen=True, order=True)
class Violation:
    """One broken rule, with its place; prints as compilers do, so that editors can jump to it."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def list_files(root):
    """Paths of the project's files, relative to root, sorted. New files count before they are
    added, so that a checker speaks up before the commit. Without git: every file that is neither
    in a hidden folder nor in a build folder."""
    names = _git_files(root) if (root / ".git").exists() else None
    if names is None:
        names = _walked_files(root)
    return sorted({name for name in names if (root / name).is_file()})


def _git_files(root):
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z",
               "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None  # no git here, or not a repository it can read
    return [os.fsdecode(name) for name in answer.stdout.split(b"\0") if name]


def _walked_files(root):
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".") and f not in ("build", "out")]
        base = pathlib.Path(folder).relative_to(root)
        names += [(base / name).as_posix() for name in files]
    return names


def read_text(root, path):
    """The file's text, or None when it is not text."""
    data = (root / path).read_bytes()
    if b"\0" in data:
        return None
    return data.decode("utf-8", errors="replace")


def blank_cxx(text):
    """`text` with comments and the insides of literals replaced by blanks. Same length, same
    lines: offsets and line numbers stay true."""
    return _split_cxx(text)[0]


def cxx_comments(text):
    """`text` with all but the comments replaced by blanks."""
    return _split_cxx(text)[1]


def _split_cxx(text):
    code, comments = list(text), [c if c == "\n" else " " for c in text]
    at, size = 0, len(text)
    while at < size:
        start = at
        if text.startswith("//", at):
            at = _line_comment_end(text, at)
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2)
            at = size if end < 0 else end + 2
        elif text[at] == '"' or (text[at] == "'" and not _separates_digits(text, at)):
            at = _literal_end(text, at)
            _blank(code, start + 1, at - 1)
            continue
        else:
            at += 1
            continue
        comments[start:at] = text[start:at]
        _blank(code, start, at)
    return "".join(code), "".join(comments)


def _line_comment_end(text, at):
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        if text[end - 1] != "\\":
            return end
        at = end + 1


def _separates_digits(text, at):
    """1'000'000 holds no character literal."""
    if at == 0 or not (text[at - 1].isalnum() or text[at - 1] == "_"):
        return False
    start = at
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_'."):
        start -= 1
    return text[start].isdigit()


def _literal_end(text, at):
    quote = text[at]
    if quote == '"' and text[at - 1:at] == "R":  # raw: R"mark( ... )mark"
        opening = text.find("(", at)
        closing = text.find(")" + text[at + 1:opening] + '"', opening)
        return len(text) if closing < 0 else closing + opening - at + 1
    at += 1
    while at < len(text) and text[at] not in (quote, "\n"):
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _blank(characters, start, end):
    for i in range(start, end):
        if characters[i] != "\n":
            characters[i] = " "


def report(program, checker):
    """Runs a checker and prints what it found; returns the exit code."""
    violations = checker.run()
    for violation in violations:
        print(violation)
    print(f"{program}: {len(checker.files)} files, {len(violations)} violations")
    return 1 if violations else 0


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
