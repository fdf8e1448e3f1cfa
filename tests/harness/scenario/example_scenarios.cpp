#include "tests/harness/scenario/example_scenarios.h"

#include <fstream>
#include <iterator>

namespace dearth::harness {

namespace {

constexpr const char* kEveryKey = R"(version: 1
name: complete
description: every key once
tags: [all, keys]
target:
  engine: python
  script: print(1)
  warmup: import sys
  env: { LC_ALL: C, PYTHONHASHSEED: 0, FLAG: yes }
  domains: [raw, mem]
inject:
  schedule: { nth: 5..400, step: 3, seed: 9 }
  points: sample:20
  kind: [once, burst=4, persistent, sticky]
  action: corrupt-front
  when:
    op: [malloc, shrink]
    size: 64B..4KiB
    align: ">=32B"
    domain: mem
    thread: 2
    phase: [open, close]
    module: "libpython*"
    caller: "_PyEval_*"
  unless: { op: calloc, size: ">=1GiB", align: ">=64B", domain: [raw], thread: 3, phase: run,
            module: "libc*", stack: { require: "_PyImport_*" } }
guard:
  before: 32B
  after: 24B
  every: 100
  mode: page
  side: front
  alignment: 8
  sample: 1000
  quarantine: 8MiB
  fill: { alloc: 0xAB, free: 17 }
expect:
  outcome: [ok, error, exit:3, signal:ABRT, { exception: MemoryError }]
  error: { matches: 'no mem\w+' }
  stdout: "1"
  baseline: { stdout: "1\n" }
  invariants: [no-leak, failure-reported, reusable, restartable]
limits: { timeout: 1500ms, memory: 2GiB, failures: 1000, stack: 16MiB }
gate: { fail-on: [leak, crash], warn-on: [hang] }
known:
  - { id: "0123ABCD", reason: upstream, until: "2026-12-31" }
)";

constexpr const char* kCasesAndMatrix = R"(version: 1
name: cases
target:
  engine: lua
  script: |
    return 1
matrix:
  mode: [a, B c]
  size: [1MiB]
guard: "off"
cases:
  - name: every
    inject: { schedule: { every: 7, after: 10, times: 2 } }
  - name: random
    inject:
      schedule: { probability: 0.5%, seed: 3..8 }
      kind: sticky
      ops: [realloc, arena]
      when: { stack: { require: [luaH_*], reject: luaG_* } }
    expect: { outcome: error, error: no memory, stdout: { matches: "^$" } }
  - name: budget
    inject: { schedule: { budget: "${{ matrix.size }}" } }
  - name: text
    inject: { text: "nth=3..5;persistent;op=malloc", points: sites }
)";

constexpr const char* kProgram = R"(version: 1
name: program
target: { engine: c-api, run: [./selftest, --quick, "${{ matrix.n }}"], domains: obj }
matrix: { n: [1, 2] }
)";

constexpr const char* kAnyProgram = R"(version: 1
name: any-program
target:
  engine: exec
  run: [sort, -n]
  stdin: "2 1"
  cwd: private
  env: { LANG: C.UTF-8 }
expect:
  baseline: { exit: 3, stdout: "" }
  outcome: [ok, "exit:2", "signal:ABRT"]
  stderr: { matches: "memory (is )?exhausted" }
  invariants: [no-corruption, no-leak]
)";

}  // namespace

std::vector<std::string> complete_scenarios() {
    return {kEveryKey, kCasesAndMatrix, kProgram, kAnyProgram};
}

std::string readme_path() {
    return std::string(DEARTH_SCENARIOS_FOLDER) + "/README.md";
}

std::vector<std::string> readme_scenarios() {
    std::ifstream in(readme_path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::string open = "```yaml\n";
    std::vector<std::string> blocks;
    for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
        const size_t from = at + open.size();
        blocks.push_back(text.substr(from, text.find("```", from) - from));
    }
    return blocks;
}

}  // namespace dearth::harness
