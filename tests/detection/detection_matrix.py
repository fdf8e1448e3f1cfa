#!/usr/bin/env python3
"""Who finds which planted defect: every variant of the detection programs, and its good twin,
under plain libc, our preload library in each of its modes, an ASan build and Valgrind.

Prints a table by weakness (CWE) and lists what is wrong. Ends with 1 when the preload library
gives a false alarm, hangs, misses in its two page-guard runs what another tool finds, misses with
guard bytes what these must find, or calls a defect by a wrong name; with 2 when it cannot run.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from detection_tools import Asan, Ours, Plain, Valgrind  # noqa: E402

PROGRAMS = ("dearth_detection_c", "dearth_detection_cxx")
LIBRARY = "libdearth-preload.so"
BOTH = "both"
# As close to the block as guard bytes must see every change.
GUARD_BYTES_REACH = 8
DISTANCE = re.compile(r"-off(\d+)-")
ALIGNED = re.compile(r"-off(?P<distance>\d+)-(?:memalign-|aligned_alloc-|posix_memalign-|"
                     r"new-aligned-|new-array-aligned-|valloc)(?P<alignment>\d*)-(?P<size>\d+)")

Variant = collections.namedtuple("Variant", "program name cwe report needs_failure")


class CannotRun(Exception):
    """Something that the matrix needs is not there."""


def list_variants(folder):
    variants = []
    for program in PROGRAMS:
        path = folder / program
        if not path.is_file():
            raise CannotRun(f"{path} is not there: build the target {program}")
        listed = subprocess.run([path, "--list"], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            name, cwe, report, way = line.split("\t")
            variants.append(Variant(program, name, int(cwe), report, way == "injected"))
    return variants


def choose_variants(variants, arguments):
    """All of them; or those of a pattern; or the first of each weakness in each program."""
    if arguments.only:
        return [variant for variant in variants if re.search(arguments.only, variant.name)]
    if not arguments.quick:
        return variants
    first = {}
    for variant in variants:
        first.setdefault((variant.program, variant.cwe, variant.report), variant)
    return list(first.values())


def choose_tools(folder, arguments):
    library = folder / LIBRARY
    if not library.is_file():
        raise CannotRun(f"{library} is not there: build the target dearth-preload")
    ours = [Ours("bytes", str(library), "bytes"),
            Ours("rear", str(library), "page-rear;align=1"),
            Ours("front", str(library), "page-front")]
    if arguments.quick:
        return ours, []
    others = [Plain(), Asan()]
    valgrind = shutil.which("valgrind")
    if arguments.valgrind_every and valgrind is None:
        print("detection_matrix: Valgrind is not installed: left out", file=sys.stderr)
    elif arguments.valgrind_every:
        others.append(Valgrind(valgrind))
    return ours, others


class Matrix:
    """Outcomes by variant, half (bad, good) and tool."""

    def __init__(self, folder, ours, others, valgrind_every):
        self.folder = folder
        self.ours = ours
        self.others = others
        self.valgrind_every = valgrind_every
        self.outcomes = {}

    def run(self, variants, jobs):
        self._run_cells([(variant, which, tool)
                         for index, variant in enumerate(variants)
                         for tool in self.ours + self.others
                         for which in ("bad", "good") if self._applies(tool, variant, index)], jobs)
        # Valgrind is slow: besides the sample it has the last word on what is not confirmed yet.
        self._run_cells([(variant, "bad", tool)
                         for variant in variants if self.is_unconfirmed(variant)
                         for tool in self.others if tool.name == "valgrind"], jobs)

    def _run_cells(self, cells, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for cell, outcome in zip(cells, pool.map(self._run_cell, cells)):
                variant, which, tool = cell
                self.outcomes[variant, which, tool.name] = outcome

    def _applies(self, tool, variant, index):
        if tool.name == "valgrind" and index % self.valgrind_every != 0:
            return False
        return tool in self.ours or not variant.needs_failure

    def is_unconfirmed(self, variant):
        """No other tool has seen the defect, of those that ran."""
        return bool(self.others) and not variant.needs_failure and not any(
            self.is_found(variant, tool.name) for tool in self.others)

    def _run_cell(self, cell):
        variant, which, tool = cell
        return tool.run(str(self.folder / variant.program), variant, which)

    def get(self, variant, which, tool):
        return self.outcomes.get((variant, which, tool))

    def is_found(self, variant, tool):
        """None: it did not run."""
        if tool == BOTH:
            return self.is_found(variant, "rear") or self.is_found(variant, "front")
        outcome = self.get(variant, "bad", tool)
        return None if outcome is None else outcome.found

    def kinds(self, variant, tools):
        found = set()
        for tool in tools:
            outcome = self.get(variant, "bad", tool)
            found |= outcome.kinds if outcome is not None else set()
        return found


def must_be_found_by_bytes(variant):
    if variant.cwe in (126, 127, 690):
        return False
    if variant.cwe == 416 and "-write" not in variant.name.replace("-writecall", ""):
        return False  # reads leave no trace
    if variant.cwe not in (122, 124):
        return True
    distance = DISTANCE.search(variant.name)
    # Zeros written over a zero change nothing.
    return "-zero-" not in variant.name and (
        distance is None or int(distance.group(1)) <= GUARD_BYTES_REACH)


def lies_in_slack(variant):
    """An over-read of padding that the alignment asked for forces on the block: it is readable
    wherever the block lies, and no write that would leave a trace."""
    aligned = ALIGNED.search(variant.name)
    if variant.cwe != 126 or aligned is None:
        return False
    alignment = int(aligned.group("alignment") or 4096)
    slack = -int(aligned.group("size")) % alignment
    return int(aligned.group("distance")) <= slack


def find_mistakes(matrix, variants):
    """Lines that say what our tools do wrong."""
    names = [tool.name for tool in matrix.ours]
    for variant in variants:
        place = f"{variant.program} {variant.name}"
        for name in names:
            for which in ("bad", "good"):
                if matrix.get(variant, which, name).is_overdue:
                    yield f"{name}: {place} {which}: no end"
            good = matrix.get(variant, "good", name)
            if good.found or good.status != 0:
                yield (f"{name}: {place} good: false alarm: status {good.status} "
                       f"{sorted(good.kinds)}")
        seen_by = [tool.name for tool in matrix.others if matrix.is_found(variant, tool.name)]
        is_demanded = bool(seen_by) or variant.needs_failure or not matrix.others
        if is_demanded and not lies_in_slack(variant) and not matrix.is_found(variant, BOTH):
            yield f"{BOTH}: {place}: missed; found by {', '.join(seen_by) or 'nobody asked'}"
        if must_be_found_by_bytes(variant) and not matrix.is_found(variant, "bytes"):
            yield f"bytes: {place}: missed"
        wrong = matrix.kinds(variant, names) - {variant.report}
        if wrong:
            yield f"{place}: is {variant.report}, called {', '.join(sorted(wrong))}"
        if variant.report != "signal" and matrix.is_found(variant, BOTH) and not matrix.kinds(
                variant, ("rear", "front")):
            yield f"{place}: dies without a report"


def table(matrix, variants):
    names = [tool.name for tool in matrix.ours] + [BOTH] + [tool.name for tool in matrix.others]
    yield f"{'CWE':<5}{'cases':>6}" + "".join(f"{name:>12}" for name in names)
    weaknesses = sorted({variant.cwe for variant in variants})
    for cwe in [*weaknesses, None]:
        rows = [variant for variant in variants if cwe in (None, variant.cwe)]
        line = f"{'all' if cwe is None else cwe:<5}{len(rows):>6}"
        for name in names:
            found = [matrix.is_found(variant, name) for variant in rows]
            run = [one for one in found if one is not None]
            cell = f"{sum(run)}" if len(run) == len(rows) else f"{sum(run)}/{len(run)}"
            line += f"{cell if run else '-':>12}"
        yield line


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where the programs were built to")
    parser.add_argument("--quick", action="store_true",
                        help="one variant of each weakness, our tools alone")
    parser.add_argument("--only", metavar="PATTERN", help="variants whose name it is found in")
    parser.add_argument("--valgrind-every", type=int, default=0, metavar="N",
                        help="Valgrind for one variant in N; 0: for none")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.valgrind_every < 0 or arguments.jobs < 1:
        parser.error("--valgrind-every is 0 or more, --jobs 1 or more")
    return arguments


def main():
    arguments = read_arguments()
    try:
        variants = choose_variants(list_variants(arguments.folder), arguments)
        if not variants:
            raise CannotRun("no variant has such a name: --list of the programs prints them")
        ours, others = choose_tools(arguments.folder, arguments)
    except (CannotRun, re.error, OSError, subprocess.CalledProcessError) as problem:
        print(f"detection_matrix: {problem}", file=sys.stderr)
        return 2
    matrix = Matrix(arguments.folder, ours, others, arguments.valgrind_every)
    matrix.run(variants, arguments.jobs)
    print("\n".join(table(matrix, variants)))
    for variant in filter(matrix.is_unconfirmed, variants):
        print(f"seen by no other tool: {variant.program} {variant.name}")
    for variant in variants:
        if lies_in_slack(variant) and not matrix.is_found(variant, BOTH):
            print(f"limit, padding of an aligned block: {variant.program} {variant.name}")
    mistakes = list(find_mistakes(matrix, variants))
    for line in mistakes:
        print(f"WRONG: {line}")
    print(f"{len(variants)} variants and as many twins, {len(mistakes)} mistakes")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
