"""The detectors of the detection matrix: how each one runs a program, and what it said.

A run is judged by three things: the signal or status it ended with, the kind of misuse reported
on standard error, and whether it came to an end at all.
"""

import collections
import os
import re
import subprocess

DEADLINE_S = 60
REPORT_STATUS = 86
OURS_REPORT = re.compile(r"^dearth: (overflow|underflow|use after free|double free|invalid free|"
                         r"mismatched free|wrong domain|leak)\b", re.MULTILINE)
OURS_SUMMARY = re.compile(r"^dearth: \d+ requests, (\d+) faults injected", re.MULTILINE)
# What our reports are called elsewhere is of no interest: there only the status counts.
FAULTS_MAX = 40

Run = collections.namedtuple("Run", "status text is_overdue")
# `found`: a detector's own report, or a death by signal. `kinds`: our own words for it.
Outcome = collections.namedtuple("Outcome", "found is_overdue kinds status")


def run_program(arguments, variables):
    """The program's end and its standard error, whatever it does."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("DEARTH_", "LD_", "MALLOC_", "ASAN_", "LSAN_"))}
    environment.update(variables)
    try:
        done = subprocess.run(arguments, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              timeout=DEADLINE_S, check=False)
    except subprocess.TimeoutExpired:
        return Run(None, "", True)
    return Run(done.returncode, done.stderr.decode("utf-8", "replace"), False)


class Plain:
    """Nothing but libc: what dies of itself."""
    name = "plain"

    def run(self, program, variant, which):
        del self
        run = run_program([program, variant.name, which], {})
        died = run.status is not None and run.status < 0
        return Outcome(died, run.is_overdue, set(), run.status)


class Asan:
    """The program built with AddressSanitizer, leaks included."""
    name = "asan"

    def run(self, program, variant, which):
        del self
        run = run_program([program + "_asan", variant.name, which],
                          {"ASAN_OPTIONS": f"exitcode={REPORT_STATUS}:detect_leaks=1:"
                                           "allocator_may_return_null=1:"
                                           "detect_stack_use_after_return=0"})
        found = run.status is not None and (run.status < 0 or run.status == REPORT_STATUS)
        return Outcome(found, run.is_overdue, set(), run.status)


class Valgrind:
    """Memcheck, with leaks."""
    name = "valgrind"

    def __init__(self, valgrind):
        self.valgrind = valgrind

    def run(self, program, variant, which):
        run = run_program([self.valgrind, "-q", "--leak-check=full", "--show-leak-kinds=definite",
                           "--errors-for-leak-kinds=definite",
                           f"--error-exitcode={REPORT_STATUS}", program, variant.name, which], {})
        # Status 1: a far overflow ran over Valgrind's own data.
        found = run.status is not None and run.status not in (0, 2) and run.text != ""
        return Outcome(found, run.is_overdue, set(), run.status)


class Ours:
    """The preload library, with what DEARTH_GUARD says."""

    def __init__(self, name, library, guard):
        self.name = name
        self.variables = {"LD_PRELOAD": library,
                          "DEARTH_GUARD": f"{guard};leaks=lost;exit={REPORT_STATUS}"}

    def run(self, program, variant, which):
        if variant.needs_failure:
            return self._run_with_failures(program, variant, which)
        return self._judge(run_program([program, variant.name, which], self.variables))

    @staticmethod
    def _judge(run):
        kinds = set(OURS_REPORT.findall(run.text))
        died = run.status is not None and run.status < 0
        return Outcome(died or run.status == REPORT_STATUS or bool(kinds), run.is_overdue, kinds,
                       run.status)

    def _run_with_failures(self, program, variant, which):
        """Each request fails once, in a run of its own, until there is none left to fail."""
        for ordinal in range(1, FAULTS_MAX + 1):
            run = run_program([program, variant.name, which],
                              dict(self.variables, DEARTH_SCHEDULE=f"nth={ordinal};once"))
            outcome = self._judge(run)
            if outcome.found or outcome.is_overdue:
                return outcome
            summary = OURS_SUMMARY.search(run.text)
            if summary is None or summary.group(1) == "0":
                break
        return outcome
