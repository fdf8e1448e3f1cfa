#!/usr/bin/env python3
"""What guard bytes and ledger cost CPython, against the interpreter's own debug hooks.

Runs python_guard_program on two workloads, the modes taking turns so that a change in the
machine's mood hits them alike, and prints the CPU time (user and system) of each mode and the
median over rounds of debug / dearth: above 1, dearth is the cheaper one. A report, not a gate:
ends with 0 whatever it finds.
"""

import argparse
import os
import statistics
import sys

MODES = ("plain", "debug", "dearth")
WORKLOADS = ("large_heap", "small_heap")
ROUNDS_MIN = 7


def cpu_seconds(program, mode, script):
    """CPU time of one run; None when it failed, which has been said on standard error."""
    child = os.posix_spawn(program, [program, mode, script], os.environ)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        return None
    return usage.ru_utime + usage.ru_stime


def measure(program, script, rounds):
    """Seconds by mode, one list element a round; None when a run failed."""
    seconds = {mode: [] for mode in MODES}
    for number in range(rounds):
        # The mode that goes first meets another cache: each gets its turn.
        shift = number % len(MODES)
        for mode in MODES[shift:] + MODES[:shift]:
            spent = cpu_seconds(program, mode, script)
            if spent is None:
                return None
            seconds[mode].append(spent)
    return seconds


def median_ratio(seconds, above, below):
    return statistics.median(a / b for a, b in zip(seconds[above], seconds[below]))


def print_report(workload, seconds):
    print(f"{workload}, CPU seconds of {len(seconds['plain'])} rounds:")
    for mode in MODES:
        times = seconds[mode]
        print(f"  {mode:<7} min {min(times):.3f}  median {statistics.median(times):.3f}  "
              f"{median_ratio(seconds, mode, 'plain'):.3f} x plain")
    print(f"  debug / dearth  {median_ratio(seconds, 'debug', 'dearth'):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="python_guard_program, from an optimized build")
    parser.add_argument("--rounds", type=int, default=15, metavar="N",
                        help=f"default %(default)s, at least {ROUNDS_MIN}")
    parser.add_argument("--workload", choices=WORKLOADS, help="only this one")
    chosen = parser.parse_args()
    program = os.path.abspath(chosen.program)
    folder = os.path.dirname(os.path.abspath(__file__))
    for workload in [chosen.workload] if chosen.workload else WORKLOADS:
        script = os.path.join(folder, f"python_guard_{workload}.py")
        try:
            seconds = measure(program, script, max(chosen.rounds, ROUNDS_MIN))
        except OSError as error:
            print(f"cannot run {program}: {error}", file=sys.stderr)
            return 0
        if seconds is None:
            print(f"{workload}: a run failed, nothing to report", file=sys.stderr)
        else:
            print_report(workload, seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
