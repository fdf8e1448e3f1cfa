#!/usr/bin/env python3
"""What the preload library costs whole programs, in user time against the plain run.

Runs small workloads of lua, python, sqlite and perl under each mode, the modes taking turns so that
a change in the machine's mood hits them alike, and prints for each mode the median over rounds of
its user time divided by that of the plain run of the same round, and the memory it took at most.
libasan, preloaded, and libdislocator join in where they are installed. A report, not a gate: ends
with 0 whatever it finds, and with 2 when it cannot measure.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys

ROUNDS_MIN = 3

LUA = """
local t = {}
for i = 1, 1200000 do t[i % 5000 + 1] = {name = "n" .. i, size = i} end
local s = {}
for i = 1, 250000 do s[#s + 1] = tostring(i) .. "x" end
print(#table.concat(s))
"""

PYTHON = """
items = []
for i in range(700000):
    items.append({"name": "n%d" % i, "size": i})
    if len(items) > 5000:
        items = items[2500:]
print(len(",".join(str(i) for i in range(700000))))
"""

SQL = """
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 500000)
    insert into t select i, 'row ' || i, i * 0.5 from n;
create index i on t(b);
select count(*), sum(length(b)), max(c) from t where b like 'row 1%';
select count(*) from (select b, group_concat(a) from t group by substr(b, 1, 6));
"""

PERL = """
my %h; my @a;
for my $i (1 .. 900000) { $h{"k" . ($i % 5000)} = "value $i"; push @a, [$i, "x$i"] if $i % 3 == 0;
    @a = splice(@a, 2000) if @a > 4000; }
print scalar(keys %h), " ", length(join(",", map { $_ * 2 } 1 .. 500000)), "\\n";
"""

WORKLOADS = {
    "lua": (["lua5.4", "-e", LUA], None, {}),
    "python": (["python3", "-S", "-c", PYTHON], None, {"PYTHONMALLOC": "malloc"}),
    "sqlite": (["sqlite3", ":memory:"], SQL, {}),
    "perl": (["perl", "-e", PERL], None, {}),
}


def modes_of(library):
    """Environment by mode; plain is the first."""
    lean = "bytes;quarantine=0;stacks=no"
    modes = {"plain": {}}
    for name, options in (("counting", "off"), ("guards", lean),
                          ("guards 64", lean + ";before=64;after=64"),
                          ("stacks", "bytes;quarantine=0;stacks=yes")):
        modes[name] = {"LD_PRELOAD": library, "DEARTH_GUARD": options}
    for name, peer, extra in (("libasan", found_library("libasan.so"),
                               {"ASAN_OPTIONS": "detect_leaks=0"}),
                              ("libdislocator", found_library("libdislocator.so"), {})):
        if peer:
            modes[name] = {"LD_PRELOAD": peer, **extra}
    return modes


def found_library(name):
    compiler = shutil.which("gcc")
    if not compiler:
        return None
    answer = subprocess.run([compiler, "-print-file-name=" + name], capture_output=True, text=True)
    path = answer.stdout.strip()
    return os.path.realpath(path) if os.path.isabs(path) else None


def run_once(workload, mode_environment):
    """User seconds and KiB at most of one run; None when it failed."""
    command, text, environment = workload
    # One hash order for all: a random one would change the work.
    child = subprocess.Popen(command, stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env={**os.environ, "PYTHONHASHSEED": "0", "PERL_HASH_SEED": "0",
                                  **environment, **mode_environment})
    if text:
        child.stdin.write(text.encode())
        child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return (usage.ru_utime, usage.ru_maxrss) if child.returncode == 0 else None


def measure(workload, modes, rounds):
    """Results by mode, one list element a round; a mode that fails is left out from then on."""
    results = {name: [] for name in modes}
    for number in range(rounds):
        names = list(results)
        # The mode that goes first meets another cache: each gets its turn.
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            result = run_once(workload, modes[name])
            if result is not None:
                results[name].append(result)
            elif name == "plain":
                return None
            else:
                del results[name]
                print(f"  {name}: the program fails under it")
    return results


def print_results(results):
    plain = results["plain"]
    for name, runs in results.items():
        seconds = [run[0] for run in runs]
        ratio = statistics.median(run[0] / base[0] for run, base in zip(runs, plain))
        memory = statistics.median(run[1] for run in runs) / statistics.median(
            run[1] for run in plain)
        print(f"  {name:<14} median {statistics.median(seconds):.3f} s  {ratio:6.3f} x plain  "
              f"memory {memory:5.2f} x", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", help="libdearth-preload.so, from an optimized build")
    parser.add_argument("--rounds", type=int, default=7, metavar="N",
                        help=f"default %(default)s, at least {ROUNDS_MIN}")
    parser.add_argument("--only", choices=WORKLOADS, help="one workload instead of all")
    parser.add_argument("--modes", help="some of the modes, by comma; default: all")
    arguments = parser.parse_args()
    library = os.path.abspath(arguments.library)
    if not os.path.isfile(library) or arguments.rounds < ROUNDS_MIN:
        print(f"preload_cost: no library {library}, or fewer than {ROUNDS_MIN} rounds",
              file=sys.stderr)
        return 2
    modes = modes_of(library)
    chosen = {"plain", *(arguments.modes.split(",") if arguments.modes else modes)}
    if not chosen <= set(modes):
        print(f"preload_cost: unknown mode; there are: {', '.join(modes)}", file=sys.stderr)
        return 2
    modes = {name: value for name, value in modes.items() if name in chosen}
    for name, workload in WORKLOADS.items():
        if arguments.only not in (None, name):
            continue
        print(f"{name}, user time over {arguments.rounds} rounds:", flush=True)
        if shutil.which(workload[0][0]) is None:
            print(f"  {workload[0][0]} is not installed")
            continue
        results = measure(workload, modes, arguments.rounds)
        if results is None:
            print("  the plain run fails")
            continue
        print_results(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
