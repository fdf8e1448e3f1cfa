#include "harness/scenario/scenario_loader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "dearth/allocator.h"
#include "harness/scenario/matrix.h"
#include "harness/scenario/scenario_decode.h"
#include "harness/scenario/scenario_keys.h"
#include "tests/harness/scenario/example_scenarios.h"

namespace dearth::harness {
namespace {

constexpr uint32_t bit(uint32_t value) {
    return 1u << value;
}

std::vector<Scenario> load(const std::string& yaml,
                           const std::string& path = "scenes/some.dearth.yaml") {
    LoadReport report = read_scenario_text(path, yaml);
    EXPECT_TRUE(report.ok()) << format_diagnostics(report.diagnostics);
    return std::move(report.scenarios);
}

Scenario load_one(const std::string& yaml) {
    std::vector<Scenario> all = load(yaml);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Scenario{} : all.front();
}

Injection inject(const std::string& value) {
    return load_one("version: 1\ntarget: { engine: lua, script: x }\ninject: " + value + "\n")
        .injection;
}

// Paths of the table that a document uses.
void collect_paths(const YamlNode& node, const ScenarioKey* row, std::set<std::string>& used) {
    for (const YamlNode& item : node.items) {
        collect_paths(item, row, used);
    }
    for (const YamlEntry& entry : node.entries) {
        for (const ScenarioKey* child : keys_below(row)) {
            if (key_name(*child) == entry.key || key_name(*child) == "*") {
                used.insert(std::string(child->path));
                collect_paths(entry.value, child, used);
            }
        }
    }
}

TEST(ScenarioLoader, ExamplesUseEveryKeyOfTheTable) {
    std::set<std::string> used;
    std::vector<std::string> all = complete_scenarios();
    for (const std::string& more : readme_scenarios()) {
        all.push_back(more);
    }
    for (const std::string& yaml : all) {
        EXPECT_FALSE(load(yaml).empty());
        const SourceText source("x", yaml);
        DiagnosticSink sink(source);
        const auto root = parse_yaml(source, sink);
        ASSERT_TRUE(root) << yaml;
        collect_paths(*root, nullptr, used);
    }
    for (const ScenarioKey& row : scenario_keys()) {
        // The other form of these two is read from a folder in scenario_files_test.
        const bool is_file = row.path.ends_with(".file");
        const bool is_expected = row.presence != Presence::kReserved && !is_file &&
                                 row.path != "inject.when.stack.reject";
        EXPECT_TRUE(!is_expected || used.contains(std::string(row.path))) << row.path;
    }
}

TEST(ScenarioLoader, ReadmeHasExamples) {
    EXPECT_GE(readme_scenarios().size(), 5u);
}

TEST(ScenarioLoader, ReadsTheHeadAndTheTarget) {
    const Scenario scenario = load_one(complete_scenarios()[0]);
    EXPECT_EQ(scenario.name, "complete");
    EXPECT_EQ(scenario.file, "scenes/some.dearth.yaml");
    EXPECT_EQ(scenario.description, "every key once");
    EXPECT_EQ(scenario.tags, (std::vector<std::string>{"all", "keys"}));
    EXPECT_EQ(scenario.target.engine, Engine::kPython);
    EXPECT_EQ(scenario.target.script.text, std::string(6, '\n') + "print(1)");
    EXPECT_EQ(scenario.target.script.name, "scenes/some.dearth.yaml");
    ASSERT_TRUE(scenario.target.warmup);
    EXPECT_EQ(scenario.target.warmup->text, std::string(7, '\n') + "import sys");
    // Letter by letter: YAML 1.1 would make `true` of the last.
    const std::map<std::string, std::string> env = {
        {"FLAG", "yes"}, {"LC_ALL", "C"}, {"PYTHONHASHSEED", "0"}};
    EXPECT_EQ(scenario.target.env, env);
    EXPECT_EQ(scenario.target.domain_mask, bit(DEARTH_DOMAIN_RAW) | bit(DEARTH_DOMAIN_MEM));
}

TEST(ScenarioLoader, ReadsTheInjection) {
    const Injection injection = load_one(complete_scenarios()[0]).injection;
    EXPECT_TRUE(injection.is_sweep);
    EXPECT_EQ(injection.first, 5u);
    EXPECT_EQ(injection.last, 400u);
    EXPECT_EQ(injection.step, 3u);
    EXPECT_EQ(injection.points, PointSelection::kSample);
    EXPECT_EQ(injection.sample_count, 20u);
    EXPECT_EQ(injection.sample_seed, 9u);
    const std::vector<SweepKind> kinds = {{DEARTH_KIND_ONCE, 1, DEARTH_ACTION_CORRUPT_FRONT},
                                          {DEARTH_KIND_BURST, 4, DEARTH_ACTION_CORRUPT_FRONT},
                                          {DEARTH_KIND_PERSISTENT, 1, DEARTH_ACTION_CORRUPT_FRONT},
                                          {DEARTH_KIND_STICKY, 1, DEARTH_ACTION_CORRUPT_FRONT}};
    EXPECT_EQ(injection.kinds, kinds);
    EXPECT_EQ(injection.when.op_mask, bit(DEARTH_OP_MALLOC) | bit(DEARTH_OP_SHRINK));
    EXPECT_EQ(injection.when.size_min_bytes, 64u);
    EXPECT_EQ(injection.when.size_max_bytes, 4096u);
    EXPECT_EQ(injection.when.align_min_bytes, 32u);
    EXPECT_EQ(injection.when.domain_mask, bit(DEARTH_DOMAIN_MEM));
    EXPECT_EQ(injection.when.thread, 2u);
    EXPECT_EQ(injection.when.phase_mask, bit(DEARTH_PHASE_OPEN) | bit(DEARTH_PHASE_CLOSE));
    EXPECT_STREQ(injection.when.module, "libpython*");
    EXPECT_STREQ(injection.when.stack, "_PyEval_*");
    EXPECT_EQ(injection.unless.op_mask, bit(DEARTH_OP_CALLOC));
    EXPECT_EQ(injection.unless.size_min_bytes, 1u << 30);
    EXPECT_EQ(injection.unless.size_max_bytes, 0u);
    EXPECT_STREQ(injection.unless.stack, "_PyImport_*");
}

TEST(ScenarioLoader, ReadsGuardExpectationsAndLimits) {
    const Scenario scenario = load_one(complete_scenarios()[0]);
    EXPECT_TRUE(scenario.guard.is_on);
    EXPECT_EQ(scenario.guard.before_bytes, 32u);
    EXPECT_EQ(scenario.guard.after_bytes, 24u);
    EXPECT_EQ(scenario.guard.every, 100u);
    EXPECT_EQ(scenario.guard.way, GuardWay::kPage);
    EXPECT_EQ(scenario.guard.page_side, uint32_t{DEARTH_SIDE_FRONT});
    EXPECT_EQ(scenario.guard.page_alignment, 8u);
    EXPECT_EQ(scenario.guard.page_every, 1000u);
    EXPECT_EQ(scenario.guard.quarantine_bytes, 8u << 20);
    EXPECT_EQ(scenario.guard.clean_byte, 0xAB);
    EXPECT_EQ(scenario.guard.dead_byte, 17);
    using Form = AcceptableOutcome::Form;
    const std::vector<AcceptableOutcome> outcomes = {{Form::kOk, "", 0},
                                                     {Form::kError, "", 0},
                                                     {Form::kExit, "", 3},
                                                     {Form::kSignal, "", 6},
                                                     {Form::kException, "MemoryError", 0}};
    EXPECT_EQ(scenario.expect.outcomes, outcomes);
    ASSERT_TRUE(scenario.expect.error && scenario.expect.output);
    EXPECT_EQ(scenario.expect.error->text, "no mem\\w+");
    EXPECT_TRUE(scenario.expect.error->is_regex);
    EXPECT_EQ(scenario.expect.output->text, "1");
    EXPECT_FALSE(scenario.expect.output->is_regex);
    EXPECT_EQ(scenario.expect.baseline_output, "1\n");
    EXPECT_TRUE(scenario.expect.needs_no_leak);
    EXPECT_FALSE(scenario.expect.needs_no_corruption);
    EXPECT_FALSE(scenario.expect.needs_same_output);
    EXPECT_TRUE(scenario.expect.needs_report);
    EXPECT_TRUE(scenario.expect.needs_reusable);
    EXPECT_TRUE(scenario.expect.needs_restartable);
    EXPECT_EQ(scenario.limits.timeout_ms, 1500u);
    EXPECT_EQ(scenario.limits.memory_bytes, uint64_t{2} << 30);
    EXPECT_EQ(scenario.limits.failures, 1000u);
    EXPECT_EQ(scenario.limits.stack_bytes, 16u << 20);
}

TEST(ScenarioLoader, EveryFindingStandsInOneGateList) {
    const Scenario scenario = load_one(complete_scenarios()[0]);
    EXPECT_EQ(scenario.gate.fail_on, (std::vector<Verdict>{Verdict::kLeak, Verdict::kCrash}));
    ASSERT_EQ(scenario.known.size(), 1u);
    EXPECT_EQ(scenario.known[0].id, "0123abcd");
    EXPECT_EQ(scenario.known[0].reason, "upstream");
    EXPECT_EQ(scenario.known[0].until, "2026-12-31");
    const std::string head = "version: 1\ntarget: { engine: lua, script: x }\n";
    for (const std::string gate : {"", "gate: { fail-on: [] }\n", "gate: { warn-on: [crash] }\n",
                                   "gate: { warn-on: leak, fail-on: hang }\n"}) {
        const Gate read = load_one(head + gate).gate;
        std::set<Verdict> all(read.fail_on.begin(), read.fail_on.end());
        all.insert(read.warn_on.begin(), read.warn_on.end());
        size_t findings = 0;
        for (const VerdictRow& row : verdict_rows()) {
            findings += is_finding(row.verdict);
        }
        EXPECT_EQ(all.size(), findings) << gate;
        EXPECT_EQ(read.fail_on.size() + read.warn_on.size(), findings) << gate;
    }
}

TEST(ScenarioLoader, DefaultsWrittenOutChangeNothing) {
    const std::string head = "version: 1\nname: d\ntarget: { engine: python, script: x";
    const Scenario silent = load_one(head + " }\n");
    const Scenario spoken = load_one(head + R"(, domains: [raw, mem, obj] }
inject:
  schedule: { nth: 1.., step: 1 }
  points: all
  kind: [once, persistent]
  action: fail
  ops: [malloc, calloc, realloc, aligned]
  when: { phase: [run] }
guard: { before: 16B, after: 16B, every: 0, quarantine: 1MiB, fill: { alloc: 0xCD, free: 0xDD } }
expect: { outcome: [ok, error], invariants: [no-leak, no-corruption, same-output] }
limits: { failures: 50000, stack: 8MiB }
)");
    // Masks that name everything by default have another spelling than "any".
    Scenario same = spoken;
    EXPECT_EQ(same.target.domain_mask, 7u);
    same.target.domain_mask = 0;
    same.injection.when.op_mask = 0;
    EXPECT_EQ(scenario_fingerprint_text(same), scenario_fingerprint_text(silent));
    EXPECT_EQ(silent.injection.when.phase_mask, bit(DEARTH_PHASE_RUN));
    EXPECT_EQ(silent.injection.last, UINT64_MAX);
}

TEST(ScenarioLoader, CApiExpectsNoCorruptionOnly) {
    const Scenario scenario = load("version: 1\ntarget: { engine: c-api, run: [./a, b c] }\n")[0];
    EXPECT_EQ(scenario.target.run, (std::vector<std::string>{"./a", "b c"}));
    EXPECT_TRUE(scenario.expect.needs_no_corruption);
    EXPECT_FALSE(scenario.expect.needs_no_leak);
    EXPECT_FALSE(scenario.expect.needs_same_output);
}

TEST(ScenarioLoader, MultipliesCasesAndMatrix) {
    const std::vector<Scenario> all = load(complete_scenarios()[1]);
    std::vector<std::string> names;
    for (const Scenario& scenario : all) {
        names.push_back(scenario.name);
    }
    const std::vector<std::string> expected = {"cases.a.1mib.every",    "cases.a.1mib.random",
                                               "cases.a.1mib.budget",   "cases.a.1mib.text",
                                               "cases.b-c.1mib.every",  "cases.b-c.1mib.random",
                                               "cases.b-c.1mib.budget", "cases.b-c.1mib.text"};
    EXPECT_EQ(names, expected);
    EXPECT_FALSE(all[0].guard.is_on);
}

TEST(ScenarioLoader, CaseExpectationsReplaceKeyByKey) {
    const std::vector<Scenario> all = load(
        "version: 1\ntarget: { engine: lua, script: x }\nexpect: { error: a, outcome: error }\n"
        "cases:\n  - { name: one, inject: {}, expect: { outcome: ok } }\n");
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].expect.outcomes.size(), 1u);
    EXPECT_EQ(all[0].expect.outcomes[0].form, AcceptableOutcome::Form::kOk);
    ASSERT_TRUE(all[0].expect.error);
    EXPECT_EQ(all[0].expect.error->text, "a");
}

TEST(ScenarioLoader, MatrixValuesReachEveryText) {
    const std::vector<Scenario> all = load(R"(version: 1
name: m
target:
  engine: lua
  script: |
    print("${{ matrix.word }} $${{ kept }} ${{matrix.word}}")
matrix: { word: [x, "A/B", "---", "A b"], n: [3, 5] }
inject: { schedule: { nth: "${{ matrix.n }}..", step: "${{ matrix.n }}" } }
)");
    ASSERT_EQ(all.size(), 8u);
    EXPECT_EQ(all[0].name, "m.x.3");
    EXPECT_EQ(all[2].name, "m.a-b.3");
    EXPECT_EQ(all[4].name, "m.word-3.3") << "nothing of `---` can stand in a name";
    EXPECT_EQ(all[6].name, "m.word-4.3") << "`a-b` is taken";
    EXPECT_NE(all[2].target.script.text.find("print(\"A/B ${{ kept }} A/B\")"), std::string::npos);
    EXPECT_EQ(all[1].injection.first, 5u);
    EXPECT_EQ(all[1].injection.step, 5u);
}

TEST(ScenarioLoader, MatrixInTheNameTakesTheSuffixPlace) {
    const std::vector<Scenario> all = load(
        "version: 1\nname: \"x-${{ matrix.k }}\"\ntarget: { engine: lua, script: y }\n"
        "matrix: { k: [a, b] }\n");
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[1].name, "x-b");
}

TEST(ScenarioLoader, NameComesFromTheFile) {
    const std::string yaml = "version: 1\ntarget: { engine: lua, script: x }\n";
    EXPECT_EQ(load(yaml, "a/b.c/lua-tables.dearth.yaml")[0].name, "lua-tables");
    const LoadReport report = read_scenario_text("a/My File.dearth.yaml", yaml);
    ASSERT_EQ(report.diagnostics.size(), 1u);
    EXPECT_EQ(report.diagnostics[0].code, "missing-key");
}

// Goal: a report's line can be opened in the YAML file. Method: the line of a word in the script's
// text must be its line in the file's.
TEST(ScenarioLoader, InlineScriptsKeepTheirLines) {
    for (const std::string script :
         {"script: |\n    one = 1\n\n    mark = 2\n", "script: |-\n\n    one = 1\n    mark = 2\n",
          "script: |2\n      one = 1\n    mark = 2\n", "script: mark = 2\n",
          "script: \"mark = 2\"\n", "script: &name |\n    one = 1\n    mark = 2\n",
          "script: &name\n    |\n    one = 1\n    mark = 2\n"}) {
        const std::string yaml = "version: 1\n# comment\ntarget:\n  engine: lua\n  " + script;
        const std::string text = load_one(yaml).target.script.text;
        const auto line_of = [](const std::string& where) {
            const size_t at = where.find("mark");
            EXPECT_NE(at, std::string::npos) << where;
            return std::count(where.begin(), where.begin() + static_cast<long>(at), '\n');
        };
        EXPECT_EQ(line_of(text), line_of(yaml)) << yaml;
    }
}

TEST(ScenarioLoader, AliasesRepeatValues) {
    const Scenario scenario = load_one(
        "version: 1\ntarget: { engine: lua, script: &s return 1, warmup: *s }\n"
        "inject: { kind: &k [once], when: &w { phase: [run] } }\ntags: &t [a, b]\n");
    ASSERT_TRUE(scenario.target.warmup);
    EXPECT_EQ(scenario.target.warmup->text, scenario.target.script.text);
}

TEST(Schedules, BecomeTerms) {
    const Injection every = inject("{ schedule: { every: 7, after: 10, times: 2 } }");
    EXPECT_FALSE(every.is_sweep);
    ASSERT_EQ(every.schedule.term_count, 1u);
    EXPECT_EQ(every.schedule.terms[0].selector, uint32_t{DEARTH_SELECT_EVERY});
    EXPECT_EQ(every.schedule.terms[0].first, 7u);
    EXPECT_EQ(every.schedule.terms[0].after, 10u);
    EXPECT_EQ(every.schedule.terms[0].times, 2u);
    EXPECT_EQ(every.schedule.terms[0].kind, uint32_t{DEARTH_KIND_ONCE});
    EXPECT_EQ(every.schedule.terms[0].when.phase_mask, bit(DEARTH_PHASE_RUN));
    EXPECT_EQ(every.kinds.size(), 1u);

    const Injection random =
        inject("{ schedule: { probability: 0.5%, seed: 3..8 }, kind: burst=2, action: move }");
    EXPECT_EQ(random.schedule.terms[0].probability_ppb, 5'000'000u);
    EXPECT_EQ(random.schedule.terms[0].burst, 2u);
    EXPECT_EQ(random.schedule.terms[0].action, uint32_t{DEARTH_ACTION_MOVE});
    EXPECT_EQ(random.seed_first, 3u);
    EXPECT_EQ(random.seed_last, 8u);

    const Injection budget = inject("{ schedule: { budget: 1MiB } }");
    EXPECT_EQ(budget.schedule.terms[0].selector, uint32_t{DEARTH_SELECT_BUDGET});
    EXPECT_EQ(budget.schedule.terms[0].budget_bytes, 1u << 20);
}

TEST(Schedules, TextOfOneRangeIsASweep) {
    const Injection sweep = inject("{ text: \"nth=3..5;persistent;op=malloc\", points: sites }");
    EXPECT_TRUE(sweep.is_sweep);
    EXPECT_EQ(sweep.first, 3u);
    EXPECT_EQ(sweep.last, 5u);
    EXPECT_EQ(sweep.points, PointSelection::kSites);
    const std::vector<SweepKind> persistent = {{DEARTH_KIND_PERSISTENT, 1, DEARTH_ACTION_FAIL}};
    EXPECT_EQ(sweep.kinds, persistent);
    EXPECT_EQ(sweep.when.op_mask, bit(DEARTH_OP_MALLOC));
    EXPECT_EQ(sweep.when.phase_mask, bit(DEARTH_PHASE_RUN));
    EXPECT_EQ(inject("{ text: nth=1..;once;phase=open }").when.phase_mask, bit(DEARTH_PHASE_OPEN));
    EXPECT_EQ(inject("{ text: nth=17;once }").last, 17u);
}

TEST(Schedules, OtherTextStaysASchedule) {
    for (const std::string text :
         {"every=7;once", "nth=3,17,40;once", "nth=1|nth=9;persistent", "budget=1MiB;sticky"}) {
        const Injection injection = inject("{ text: \"" + text + "\" }");
        EXPECT_FALSE(injection.is_sweep) << text;
        ASSERT_GE(injection.schedule.term_count, 1u) << text;
        EXPECT_EQ(injection.schedule.terms[0].when.phase_mask, bit(DEARTH_PHASE_RUN)) << text;
    }
    const Injection random = inject("{ text: probability=1%;seed=42 }");
    EXPECT_EQ(random.seed_first, 42u);
    EXPECT_EQ(random.seed_last, 42u);
}

TEST(Windows, FoldALoneListBesideReject) {
    const Injection plain = inject("{ when: { stack: { reject: f* } } }");
    EXPECT_STREQ(plain.unless.stack, "f*");
    EXPECT_STREQ(plain.when.stack, "");
    // Two reasons to leave a request out must stay two: the filter would ask for both at once.
    const Injection phase =
        inject("{ when: { phase: [open, run], stack: { reject: f* } }, unless: { phase: open } }");
    EXPECT_EQ(phase.when.phase_mask, bit(DEARTH_PHASE_RUN));
    EXPECT_EQ(phase.unless.phase_mask, 0u);
    EXPECT_STREQ(phase.unless.stack, "f*");
    const Injection op = inject("{ when: { stack: { reject: f* } }, unless: { op: [realloc] } }");
    EXPECT_EQ(op.when.op_mask,
              bit(DEARTH_OP_MALLOC) | bit(DEARTH_OP_CALLOC) | bit(DEARTH_OP_ALIGNED));
    const Injection domain = inject("{ when: { stack: { reject: f* } }, unless: { domain: obj } }");
    EXPECT_EQ(domain.when.domain_mask, bit(DEARTH_DOMAIN_RAW) | bit(DEARTH_DOMAIN_MEM));
}

TEST(Windows, SizesHaveFourForms) {
    const auto size = [](const std::string& text) {
        const dearth_filter when = inject("{ when: { size: \"" + text + "\" } }").when;
        return std::pair(when.size_min_bytes, when.size_max_bytes);
    };
    EXPECT_EQ(size(">=64B"), std::pair(uint64_t{64}, uint64_t{0}));
    EXPECT_EQ(size("<=1MiB"), std::pair(uint64_t{0}, uint64_t{1} << 20));
    EXPECT_EQ(size("64B..4KiB"), std::pair(uint64_t{64}, uint64_t{4096}));
    EXPECT_EQ(size("64B"), std::pair(uint64_t{64}, uint64_t{64}));
}

TEST(DefaultGate, FollowsTheVerdictTable) {
    const Gate gate = default_gate();
    for (const VerdictRow& row : verdict_rows()) {
        const bool fails = std::count(gate.fail_on.begin(), gate.fail_on.end(), row.verdict) > 0;
        EXPECT_EQ(fails, row.fails_gate) << row.name;
    }
}

}  // namespace
}  // namespace dearth::harness
