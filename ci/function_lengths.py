"""Finds the functions of a C, C++ or Python file and how long each is.

For C++ a brace counter, not a parser: it knows namespaces, types, initialisers and constructor
lists, and treats what it does not recognise as data. Lambdas count as part of what holds them.
"""

import ast
import collections
import re

from source_tree import blank_cxx, line_of

Function = collections.namedtuple("Function", "name line lines")

SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b")
# `) : member` or `>::member, other`: a brace here initialises a member, the body comes later.
INITIALISER_LIST = re.compile(r"\)\s*(?:noexcept\s*)?:\s*[^:].*[\w>]\s*$", re.DOTALL)
NAME = re.compile(r"([~\w:]+|operator\s*[^\s\w(]+)\s*\(")
TEST = re.compile(r"\b((?:TYPED_)?TEST(?:_[FP])?|RC_GTEST_PROP|BENCHMARK\w*)\s*\(([^)]*)\)")
ATTRIBUTE = re.compile(r"\[\[[^\]]*\]\]|\b(?:__attribute__|alignas|__declspec)\s*\(+[^)]*\)+")


def find_functions(path, text):
    if path.endswith(".py"):
        return _python_functions(text)
    return _cxx_functions(_blank_directives(blank_cxx(text)))


def _python_functions(text):
    functions = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.append(Function(node.name, node.lineno, node.end_lineno - node.lineno + 1))
    return functions


def _blank_directives(code):
    """Without preprocessor lines, continued ones included: their braces need not balance."""
    lines, continues = code.split("\n"), False
    for i, line in enumerate(lines):
        is_directive = continues or line.lstrip().startswith("#")
        continues = is_directive and line.endswith("\\")
        if is_directive:
            lines[i] = " " * len(line)
    return "\n".join(lines)


def _cxx_functions(code):
    functions, head_start, parens, at = [], 0, 0, 0
    while at < len(code):
        c = code[at]
        if c in "([":
            parens += 1
        elif c in ")]":
            parens = max(0, parens - 1)
        elif parens == 0 and c in ";}":
            head_start = at + 1
        elif parens == 0 and c == "{":
            head = code[head_start:at]
            kind = _kind(head)
            if kind == "scope":
                head_start = at + 1
            else:
                end = _closing_brace(code, at)
                if kind == "function":
                    start = head_start + len(head) - len(head.lstrip())
                    line = line_of(code, start)
                    functions.append(Function(_name(head), line, line_of(code, end) - line + 1))
                if kind != "member":
                    head_start = end + 1
                at = end
        at += 1
    return functions


def _kind(head):
    head = ATTRIBUTE.sub(" ", head).strip()
    head = re.sub(r"^(?:(?:public|private|protected)\s*:\s*)+", "", head)
    head = re.sub(r"^template\s*<.*?>\s*(?=class|struct|union)", "", head, flags=re.DOTALL)
    if not head or head.endswith(("=", "return", ",")):
        return "data"
    if re.match(r'extern\s*"', head) and "(" not in head:
        return "scope"
    if "(" not in head:
        return "scope" if SCOPE.search(head) else "data"
    if INITIALISER_LIST.search(head):
        return "member"
    if re.search(r"(?<![=!<>])=(?!=)", re.sub(r"\boperator\s*\S+|\([^()]*\)", "", head)):
        return "data"
    return "function"


def _closing_brace(code, at):
    depth = 0
    for i in range(at, len(code)):
        if code[i] == "{":
            depth += 1
        elif code[i] == "}":
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def _name(head):
    test = TEST.search(head)
    if test:
        return ".".join(part.strip() for part in test.group(2).split(",")[:2])
    match = NAME.search(ATTRIBUTE.sub(" ", head))
    return match.group(1) if match else "?"
