#include "harness/triage/deduplicate.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/harness/triage/table_source.h"

namespace dearth::harness {
namespace {

class FindingCollectorTest : public testing::Test {
protected:
    FindingCollectorTest() { scenario_.name = "s"; }

    TrialRecord trial(uint64_t ordinal, uint32_t kind = DEARTH_KIND_ONCE) const {
        TrialRecord record;
        record.point.ordinal = ordinal;
        record.point.kind.kind = kind;
        record.slot.ordinal = ordinal;
        record.slot.injected = stack_of({frame_at(0, 1), frame_at(0, 2)});
        return record;
    }

    Judgement overflow(uint64_t function, const std::string& detail = "d") const {
        Judgement judgement;
        judgement.verdict = Verdict::kOverflow;
        judgement.accusations.push_back(
            {Verdict::kOverflow, detail, stack_of({frame_at(0, function)}), {}, {}});
        return judgement;
    }

    std::vector<Module> modules_ = {{"app", ""}};
    TableSource source_;
    Scenario scenario_;
    FindingCollector collector_{modules_, source_, "2026-06-15"};
};

TEST_F(FindingCollectorTest, TheSamePlaceIsOneFinding) {
    const auto first = collector_.add(scenario_, trial(7), overflow(5));
    const auto second = collector_.add(scenario_, trial(9), overflow(5));
    ASSERT_EQ(first.size(), 1u);
    ASSERT_EQ(second.size(), 1u);
    EXPECT_TRUE(first[0].is_new && first[0].has_new_lead);
    EXPECT_FALSE(second[0].is_new || second[0].has_new_lead);
    EXPECT_EQ(first[0].id, second[0].id);
    EXPECT_EQ(first[0].finding, second[0].finding);
    EXPECT_EQ(second[0].finding->trial_count, 2u);
    EXPECT_EQ(second[0].finding->point.ordinal, 7u);
}

TEST_F(FindingCollectorTest, AnotherPlaceRuleOrScenarioIsAnother) {
    const auto id = collector_.add(scenario_, trial(1), overflow(5))[0].id;
    EXPECT_NE(collector_.add(scenario_, trial(1), overflow(6))[0].id, id);
    Judgement underflow = overflow(5);
    underflow.accusations[0].verdict = Verdict::kUnderflow;
    EXPECT_NE(collector_.add(scenario_, trial(1), underflow)[0].id, id);
    Scenario other = scenario_;
    other.name = "t";
    const auto elsewhere = collector_.add(other, trial(1), overflow(5));
    EXPECT_EQ(elsewhere[0].id, id) << "the id names the defect, whoever meets it";
    EXPECT_TRUE(elsewhere[0].is_new);
    EXPECT_EQ(collector_.findings().size(), 4u);
}

TEST_F(FindingCollectorTest, TheSimplestTrialLeads) {
    collector_.add(scenario_, trial(9, DEARTH_KIND_PERSISTENT), overflow(5, "nine"));
    auto seen = collector_.add(scenario_, trial(4, DEARTH_KIND_PERSISTENT), overflow(5, "four"));
    EXPECT_TRUE(seen[0].has_new_lead);
    seen = collector_.add(scenario_, trial(4, DEARTH_KIND_ONCE), overflow(5, "four once"));
    EXPECT_TRUE(seen[0].has_new_lead);
    seen = collector_.add(scenario_, trial(4, DEARTH_KIND_PERSISTENT), overflow(5, "again"));
    EXPECT_FALSE(seen[0].has_new_lead);
    EXPECT_EQ(seen[0].finding->detail, "four once");
    EXPECT_NE(seen[0].finding->schedule_text.find("nth=4"), std::string::npos);
    EXPECT_EQ(seen[0].finding->trial_count, 4u);
}

TEST_F(FindingCollectorTest, ATrialCountsOnceForEachFinding) {
    Judgement judgement = overflow(5);
    judgement.accusations.push_back(judgement.accusations[0]);
    judgement.accusations.push_back(overflow(6).accusations[0]);
    const auto seen = collector_.add(scenario_, trial(1), judgement);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].finding->trial_count, 1u);
}

TEST_F(FindingCollectorTest, CleanTrialsLeaveNothing) {
    EXPECT_TRUE(collector_.add(scenario_, trial(1), Judgement{}).empty());
    EXPECT_TRUE(collector_.findings().empty());
}

TEST_F(FindingCollectorTest, FactsOfTheTrialStandInTheFinding) {
    TrialRecord record = trial(3);
    record.slot.request.size_bytes = 128;
    record.slot.request.phase = DEARTH_PHASE_CLOSE;
    record.slot.script_depth = 1000;
    std::strcpy(record.slot.script[0].function, "f");
    record.slot.steps[DEARTH_STEP_RUN].status = DEARTH_STATUS_ERROR;
    std::memset(record.slot.steps[DEARTH_STEP_RUN].kind, 'K', 32);
    std::strcpy(record.slot.steps[DEARTH_STEP_RUN].message, "text");
    const Finding& finding = *collector_.add(scenario_, record, overflow(5))[0].finding;
    EXPECT_EQ(finding.request.size_bytes, 128u);
    EXPECT_EQ(finding.phase, uint32_t{DEARTH_PHASE_CLOSE});
    EXPECT_EQ(finding.script.size(), size_t{DEARTH_SCRIPT_FRAMES_MAX});
    EXPECT_EQ(finding.error_text, std::string(32, 'K') + ": text");
    ASSERT_EQ(finding.injected.size(), 2u);
    EXPECT_EQ(finding.injected[0].function, "function_1");
    ASSERT_EQ(finding.detected.size(), 1u);
    EXPECT_EQ(finding.replays, 1u);
    EXPECT_FALSE(finding.is_confirmed());
}

TEST_F(FindingCollectorTest, LeaksAreToldApartByWhereTheBlockWasMade) {
    Judgement leak;
    leak.accusations.push_back({Verdict::kLeak, "", {}, stack_of({frame_at(0, 7)}), {}});
    const auto id = collector_.add(scenario_, trial(1), leak)[0].id;
    leak.accusations[0].allocated = stack_of({frame_at(0, 8)});
    EXPECT_NE(collector_.add(scenario_, trial(1), leak)[0].id, id);
}

TEST_F(FindingCollectorTest, ReplaysConfirmOrUnsettle) {
    const auto id = collector_.add(scenario_, trial(1), overflow(5))[0].id;
    EXPECT_TRUE(collector_.note_replay("s", id, true)->is_confirmed());
    EXPECT_TRUE(collector_.note_replay("s", id, false)->is_flaky());
    EXPECT_EQ(collector_.note_replay("s", "0123456789abcdef", true), nullptr);
    EXPECT_EQ(collector_.note_schedule("t", id, ""), nullptr);
}

TEST_F(FindingCollectorTest, AMinimizedScheduleOutlivesANewLead) {
    const auto id = collector_.add(scenario_, trial(9), overflow(5))[0].id;
    collector_.note_schedule("s", id, "nth=2;once");
    collector_.add(scenario_, trial(3), overflow(5));
    EXPECT_EQ(collector_.find("s", id)->schedule_text, "nth=2;once");
    EXPECT_EQ(collector_.find("s", id)->point.ordinal, 3u);
}

TEST_F(FindingCollectorTest, SimilarTrialsCostNoNames) {
    collector_.add(scenario_, trial(1), overflow(5));
    const uint64_t lookups = source_.lookups;
    for (uint64_t ordinal = 2; ordinal < 2000; ++ordinal) {
        collector_.add(scenario_, trial(ordinal), overflow(5));
    }
    EXPECT_EQ(source_.lookups, lookups);
}

TEST_F(FindingCollectorTest, MemoryIsBoundedByItsLimit) {
    const uint64_t excess = 50;
    for (uint64_t i = 0; i < FindingCollector::kKeptMax + excess; ++i) {
        const auto seen = collector_.add(scenario_, trial(1), overflow(1000 + i));
        EXPECT_EQ(seen[0].finding == nullptr, i >= FindingCollector::kKeptMax);
    }
    EXPECT_EQ(collector_.findings().size(), FindingCollector::kKeptMax);
    EXPECT_EQ(collector_.unkept_count(), excess);
}

TEST_F(FindingCollectorTest, ModulesThatAreNotListedHaveNoName) {
    TrialRecord record = trial(1);
    record.slot.injected = stack_of({frame_at(77, 1), frame_at(DEARTH_MODULE_UNKNOWN, 2)});
    record.slot.injected.depth = 2;
    const Finding& finding = *collector_.add(scenario_, record, overflow(5))[0].finding;
    ASSERT_EQ(finding.injected.size(), 2u);
    EXPECT_EQ(finding.injected[0].module, "");
    record.slot.injected.depth = UINT32_MAX;
    EXPECT_EQ(collector_.add(scenario_, record, overflow(5)).size(), 1u);
}

TEST(Disposition, KnownFindingsNeverFailUntilTheirDateHasPassed) {
    Scenario scenario;
    scenario.known.push_back({"0123abcd", "upstream", "2026-06-15"});
    const auto on = [&scenario](const char* id, const char* today) {
        return disposition_of(scenario, Verdict::kOverflow, id, today).disposition;
    };
    EXPECT_EQ(on("0123abcd00000000", "2026-06-15"), Disposition::kKnown);
    EXPECT_EQ(on("0123abcd00000000", "2026-06-16"), Disposition::kFails);
    EXPECT_EQ(on("0123abce00000000", "2026-06-15"), Disposition::kFails);
    scenario.known[0].until.clear();
    EXPECT_EQ(on("0123abcd00000000", "2099-01-01"), Disposition::kKnown);
    scenario.known[0].id = "0123";
    EXPECT_EQ(on("0123abcd00000000", "2026-06-15"), Disposition::kFails) << "too short a prefix";
}

TEST(Disposition, FollowsTheGateAndWithoutOneTheVerdictsDefaults) {
    Scenario scenario;
    for (const VerdictRow& row : verdict_rows()) {
        EXPECT_EQ(disposition_of(scenario, row.verdict, "", "").disposition,
                  row.fails_gate ? Disposition::kFails : Disposition::kWarns);
    }
    scenario.gate.fail_on = {Verdict::kLeak};
    EXPECT_EQ(disposition_of(scenario, Verdict::kLeak, "", "").disposition, Disposition::kFails);
    EXPECT_EQ(disposition_of(scenario, Verdict::kCrash, "", "").disposition, Disposition::kWarns);
}

}  // namespace
}  // namespace dearth::harness
