#!/usr/bin/env python3
"""Peak memory of dearth itself over a sweep of a million trials.

The target makes half a million requests and gives up at the first that fails, so that each trial
is short. Prints trials, time and the peak resident set of the dearth process (its children not
counted). Takes some ten minutes.

usage: harness_memory.py BIN_FOLDER [REQUESTS]
"""
import os
import resource
import subprocess
import sys
import tempfile
import time

SCENARIO = """version: 1
name: many-requests
target: {{ engine: c-api, run: [many-requests, "{requests}"] }}
guard: off
expect: {{ invariants: [no-corruption] }}
"""


def peak_kib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    requests = int(sys.argv[2]) if len(sys.argv) == 3 else 500_000
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        scenario = os.path.join(folder, "many-requests.dearth.yaml")
        with open(scenario, "w", encoding="utf-8") as file:
            file.write(SCENARIO.format(requests=requests))
        began = time.monotonic()
        process = subprocess.Popen(
            [os.path.join(sys.argv[1], "dearth"), "run", "-q", "--confirm", "0",
             "--strategy", "fork", "--db", os.path.join(folder, "r.db"), scenario],
            stdout=subprocess.PIPE, text=True)
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_kib(process.pid))
            try:
                process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
        print(process.stdout.read())
        print(f"exit {process.returncode}, {time.monotonic() - began:.0f} s, "
              f"peak of dearth {peak / 1024:.0f} MiB")


main()
