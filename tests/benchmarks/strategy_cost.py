#!/usr/bin/env python3
"""Points per CPU second of the fork strategy against exec, in one run.

Sweeps one scenario or script by each strategy in turn, several rounds, and prints the ratio pair by
pair: machines drift, ratios less so. CPU time counts all processes (run-finished.cpu_s).

usage: strategy_cost.py BIN_FOLDER SCENARIO_OR_SCRIPT [ROUNDS]
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile


def points_per_cpu_second(dearth, target, strategy, folder, number):
    report = os.path.join(folder, f"{strategy}-{number}.jsonl")
    subprocess.run(
        [dearth, "run", "-q", "-j", "1", "--confirm", "0", "--exit-zero", "--strategy", strategy,
         "--db", os.path.join(folder, f"{strategy}-{number}.db"), "--report", "jsonl=" + report,
         target],
        stdout=subprocess.DEVNULL, check=True)
    with open(report, encoding="utf-8") as lines:
        last = [json.loads(line) for line in lines][-1]
    return last["trials"], last["trials"] / last["cpu_s"]


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    dearth = os.path.join(sys.argv[1], "dearth")
    target = sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) == 4 else 5
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            trials, fork = points_per_cpu_second(dearth, target, "fork", folder, number)
            _, restart = points_per_cpu_second(dearth, target, "exec", folder, number)
            ratios.append(fork / restart)
            print(f"{trials} trials: fork {fork:.0f}, exec {restart:.0f} points per CPU second, "
                  f"ratio {fork / restart:.2f}")
    print(f"ratio fork/exec: min {min(ratios):.2f}, median {statistics.median(ratios):.2f}, "
          f"max {max(ratios):.2f}")


main()
