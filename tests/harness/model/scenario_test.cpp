#include "harness/model/scenario.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <set>

#include "harness/model/finding.h"
#include "harness/model/trial.h"

namespace dearth::harness {
namespace {

TEST(SweepKind, TextReadsBack) {
    for (uint32_t action = DEARTH_ACTION_FAIL; action <= DEARTH_ACTION_FILL; ++action) {
        for (const SweepKind& kind :
             {SweepKind{DEARTH_KIND_ONCE, 1, action}, SweepKind{DEARTH_KIND_BURST, 3, action},
              SweepKind{DEARTH_KIND_PERSISTENT, 1, action},
              SweepKind{DEARTH_KIND_STICKY, 1, action}}) {
            EXPECT_EQ(sweep_kind_from_text(sweep_kind_text(kind)), kind) << sweep_kind_text(kind);
        }
    }
    EXPECT_EQ(sweep_kind_text({DEARTH_KIND_BURST, 3, DEARTH_ACTION_FAIL}), "burst=3");
    EXPECT_EQ(sweep_kind_text({DEARTH_KIND_ONCE, 1, DEARTH_ACTION_CORRUPT_REAR}),
              "once+corrupt-rear");
}

TEST(SweepKind, RefusesOtherSpellings) {
    for (const std::string_view wrong :
         {"", "Once", "burst", "burst=", "burst=0", "burst=-1", "burst=4294967296", "once+",
          "once+fail", "once+x", "once+move+fill", " once", "persistent "}) {
        EXPECT_EQ(sweep_kind_from_text(wrong), std::nullopt) << wrong;
    }
}

TEST(Strategy, HasItsWords) {
    EXPECT_EQ(strategy_name(Strategy::kExec), "exec");
    EXPECT_EQ(strategy_name(Strategy::kFork), "fork");
}

TEST(FrameText, SaysAsMuchAsIsKnown) {
    EXPECT_EQ(frame_text({"liblua5.4.so.0", 0x1234, "luaM_malloc_", "lmem.c", 201}),
              "luaM_malloc_ lmem.c:201");
    EXPECT_EQ(frame_text({"liblua5.4.so.0", 0x1234, "luaM_malloc_", "lmem.c", 0}),
              "luaM_malloc_ lmem.c");
    EXPECT_EQ(frame_text({"liblua5.4.so.0", 0x1234, "luaM_malloc_", "", 0}),
              "luaM_malloc_ (liblua5.4.so.0+0x1234)");
    EXPECT_EQ(frame_text({"liblua5.4.so.0", 0x1234, "", "", 0}), "liblua5.4.so.0+0x1234");
    EXPECT_EQ(frame_text({"", 0xdead, "", "", 0}), "0xdead");
}

// Each changes one field that a trial's result depends on; the first changes nothing.
const std::vector<std::function<void(Scenario&)>> kChanges = {
    [](Scenario&) {},
    [](Scenario& s) { s.name = "x"; },
    [](Scenario& s) { s.target.engine = Engine::kPython; },
    [](Scenario& s) { s.target.script.text = "return 1"; },
    [](Scenario& s) { s.target.script.name = "return 1"; },
    [](Scenario& s) { s.target.warmup = Script{}; },
    [](Scenario& s) { s.target.run = {"a"}; },
    [](Scenario& s) {
        s.target.run = {"a", ""};
    },
    [](Scenario& s) { s.target.env["A"] = "b"; },
    [](Scenario& s) { s.target.env["Ab"] = ""; },
    [](Scenario& s) { s.target.domain_mask = 1; },
    [](Scenario& s) { s.injection.is_sweep = false; },
    [](Scenario& s) { s.injection.points = PointSelection::kSites; },
    [](Scenario& s) { s.injection.first = 2; },
    [](Scenario& s) { s.injection.last = 2; },
    [](Scenario& s) { s.injection.step = 2; },
    [](Scenario& s) { s.injection.sample_count = 2; },
    [](Scenario& s) { s.injection.sample_seed = 2; },
    [](Scenario& s) { s.injection.kinds.pop_back(); },
    [](Scenario& s) { s.injection.kinds[0].action = DEARTH_ACTION_MOVE; },
    [](Scenario& s) { s.injection.when.op_mask = 1; },
    [](Scenario& s) { s.injection.unless.op_mask = 1; },
    [](Scenario& s) { s.injection.when.domain_mask = 1; },
    [](Scenario& s) { s.injection.when.phase_mask = 1; },
    [](Scenario& s) { s.injection.when.thread = 1; },
    [](Scenario& s) { s.injection.when.size_min_bytes = 1; },
    [](Scenario& s) { s.injection.when.size_max_bytes = 1; },
    [](Scenario& s) { s.injection.when.align_min_bytes = 1; },
    [](Scenario& s) { s.injection.when.site = 1; },
    [](Scenario& s) { std::strcpy(s.injection.when.stack, "f*"); },
    [](Scenario& s) { std::strcpy(s.injection.when.module, "f*"); },
    [](Scenario& s) { std::memset(s.injection.when.module, 'f', DEARTH_PATTERN_BYTES); },
    [](Scenario& s) { s.injection.seed_first = 2; },
    [](Scenario& s) { s.injection.seed_last = 2; },
    [](Scenario& s) { s.injection.schedule.term_count = 1; },
    [](Scenario& s) { s.injection.schedule.term_count = 2; },
    [](Scenario& s) {
        s.injection.schedule.term_count = 1;
        s.injection.schedule.terms[0].selector = DEARTH_SELECT_BUDGET;
        s.injection.schedule.terms[0].budget_bytes = 5;
    },
    [](Scenario& s) { s.guard.is_on = false; },
    [](Scenario& s) { s.guard.before_bytes = 32; },
    [](Scenario& s) { s.guard.after_bytes = 32; },
    [](Scenario& s) { s.guard.every = 32; },
    [](Scenario& s) { s.guard.quarantine_bytes = 32; },
    [](Scenario& s) { s.guard.clean_byte = 1; },
    [](Scenario& s) { s.guard.dead_byte = 1; },
    [](Scenario& s) { s.expect.outcomes.pop_back(); },
    [](Scenario& s) { s.expect.outcomes[0].code = 1; },
    [](Scenario& s) {
        s.expect.error = TextPattern{"x", false};
    },
    [](Scenario& s) {
        s.expect.error = TextPattern{"x", true};
    },
    [](Scenario& s) {
        s.expect.output = TextPattern{"x", false};
    },
    [](Scenario& s) { s.expect.baseline_output = "x"; },
    [](Scenario& s) { s.expect.needs_no_leak = false; },
    [](Scenario& s) { s.expect.needs_no_corruption = false; },
    [](Scenario& s) { s.expect.needs_same_output = false; },
    [](Scenario& s) { s.expect.needs_report = true; },
    [](Scenario& s) { s.expect.needs_reusable = true; },
    [](Scenario& s) { s.expect.needs_restartable = true; },
    [](Scenario& s) { s.limits.timeout_ms = 1; },
    [](Scenario& s) { s.limits.memory_bytes = 1; },
    [](Scenario& s) { s.limits.failures = 1; },
    [](Scenario& s) { s.limits.stack_bytes = 1; },
};

// Goal: no field that a trial's result depends on is forgotten. Method: change one at a time; all
// texts must differ from each other.
TEST(Fingerprint, ChangesWithEveryFieldThatMatters) {
    std::set<std::string> texts;
    for (size_t index = 0; index < kChanges.size(); ++index) {
        Scenario scenario;
        kChanges[index](scenario);
        EXPECT_TRUE(texts.insert(scenario_fingerprint_text(scenario)).second) << index;
    }
}

TEST(Fingerprint, StaysWithWhatOnlyReportsUse) {
    Scenario scenario;
    const std::string before = scenario_fingerprint_text(scenario);
    scenario.description = "other";
    scenario.file = "elsewhere.dearth.yaml";
    scenario.tags = {"slow"};
    scenario.gate.fail_on = {Verdict::kLeak};
    scenario.known = {{"0123456789abcdef", "reason", ""}};
    EXPECT_EQ(scenario_fingerprint_text(scenario), before);
}

}  // namespace
}  // namespace dearth::harness
