// A second session on the same file: what is finished stays so, what changed or was cut is run
// again; and the way from a few digits to one finding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/store/store_fixture.h"

namespace dearth::harness {
namespace {

using samples::trial;

class StoreResumeTest : public StoreFixture {};

TEST_F(StoreResumeTest, ResumedRunKeepsItsIdentityAndAddsItsTime) {
    {
        auto store = create();
        feed(*store, samples::run_started());
        feed(*store, started());
        feed(*store, trial(1));
        feed(*store, RunFinished{130, 1.0, 2.0, "interrupted"});
    }
    EXPECT_TRUE(open().run().value().is_interrupted());
    {
        auto store = resume();
        RunStarted again = samples::run_started();
        again.run_id = "ffffffff";
        again.started_unix_ms += 5;
        again.version = "0.2.0";
        feed(*store, again);
        EXPECT_FALSE(store->reader().run().value().finish.has_value());
        feed(*store, started());
        feed(*store, trial(2));
        feed(*store, RunFinished{0, 0.5, 0.5, ""});
    }
    const RunFacts facts = open().run().take();
    EXPECT_EQ(facts.start.run_id, samples::run_started().run_id);
    EXPECT_EQ(facts.start.started_unix_ms, samples::run_started().started_unix_ms);
    EXPECT_EQ(facts.start.version, "0.2.0");
    EXPECT_EQ(facts.sessions, 2u);
    ASSERT_TRUE(facts.finish.has_value());
    EXPECT_EQ(facts.finish->cpu_s, 1.5);
    EXPECT_EQ(facts.finish->wall_s, 2.5);
    EXPECT_EQ(trials_of(open()).size(), 2u);
    EXPECT_EQ(open().scenarios().value().size(), 1u);
}

TEST_F(StoreResumeTest, ResumeAnswersWhichPointsAreFinished) {
    {
        auto store = create();
        feed(*store, samples::run_started());
        feed(*store, started());
        feed(*store, trial(7, DEARTH_KIND_ONCE, Verdict::kHandled));
        feed(*store, trial(7, DEARTH_KIND_PERSISTENT, Verdict::kUnaffected));
        TrialFinished by_seed = trial(0, DEARTH_KIND_ONCE, Verdict::kHandled);
        by_seed.point.seed = 9;
        feed(*store, by_seed);
    }
    auto store = resume();
    const std::string fingerprint = scenario_fingerprint_text(scenario_);
    const FinishedTrials done = store->reader().finished_trials(scenario_.name, fingerprint).take();
    EXPECT_EQ(done.count, 3u);
    EXPECT_FALSE(done.has_changed);
    EXPECT_EQ(done.verdicts[static_cast<size_t>(Verdict::kHandled)], 2u);
    TrialPoint point = trial(7).point;
    EXPECT_EQ(done.find(point), Verdict::kHandled);
    point.kind.kind = DEARTH_KIND_PERSISTENT;
    EXPECT_EQ(done.find(point), Verdict::kUnaffected);
    point.ordinal = 8;
    EXPECT_EQ(done.find(point), std::nullopt);

    EXPECT_TRUE(store->reader().finished_trials(scenario_.name, "other").value().has_changed);
    const FinishedTrials none = store->reader().finished_trials("nobody", fingerprint).take();
    EXPECT_FALSE(none.has_changed);
    EXPECT_EQ(none.count, 0u);
}

TEST_F(StoreResumeTest, ChangedScenarioLosesItsOldTrials) {
    {
        auto store = create();
        feed(*store, samples::run_started());
        feed(*store, started());
        feed(*store, trial(1));
        feed(*store, FindingSeen{0, samples::finding("9c0f2a7700000001"), true});
    }
    scenario_.target.script.text += "-- changed\n";
    auto store = resume();
    feed(*store, samples::run_started());
    feed(*store, started());
    feed(*store, trial(2));
    ASSERT_EQ(store->reader().scenarios().value().size(), 1u);
    ASSERT_EQ(trials_of(store->reader()).size(), 1u);
    EXPECT_EQ(trials_of(store->reader())[0].point.ordinal, 2u);
    EXPECT_TRUE(findings_of(store->reader()).empty());
}

TEST_F(StoreResumeTest, TrialWhoseFindingWasNeverWrittenIsRunAgain) {
    {
        auto store = create();
        feed(*store, samples::run_started());
        feed(*store, started());
        feed(*store, FindingSeen{0, samples::finding("9c0f2a7700000001"), true});
        TrialFinished whole = trial(1, DEARTH_KIND_ONCE, Verdict::kOverflow);
        whole.finding_ids = {"9c0f2a7700000001"};
        feed(*store, whole);
        TrialFinished cut = trial(2, DEARTH_KIND_ONCE, Verdict::kOverflow);
        cut.finding_ids = {"9c0f2a7700000001", "dddd2a7700000001"};
        feed(*store, cut);
    }
    auto store = resume();
    const FinishedTrials done =
        store->reader()
            .finished_trials(scenario_.name, scenario_fingerprint_text(scenario_))
            .take();
    EXPECT_EQ(done.find(trial(1).point), Verdict::kOverflow);
    EXPECT_EQ(done.find(trial(2).point), std::nullopt);
    EXPECT_EQ(done.count, 1u);
}

TEST_F(StoreResumeTest, PrefixFindsTheOneFinding) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    for (const char* id : {"9c0f2a7700000001", "9c0f2a7700000002", "a1b2c3d400000003"})
        feed(*store, FindingSeen{0, samples::finding(id), true});
    const ResultReader& reader = store->reader();
    expect_same(reader.find_finding("A1B2").value().finding, samples::finding("a1b2c3d400000003"));
    EXPECT_EQ(reader.find_finding("9c0f2a7700000002").value().finding.id, "9c0f2a7700000002");

    const Result<ResultReader::Found> ambiguous = reader.find_finding("9c0f");
    ASSERT_FALSE(ambiguous.ok());
    EXPECT_EQ(ambiguous.error().message, "find the finding 9c0f in " + path_ +
                                             ": 2 findings begin so:\n"
                                             "  9c0f2a7700000001  DT1001  table-sweep\n"
                                             "  9c0f2a7700000002  DT1001  table-sweep");
    EXPECT_EQ(ambiguous.error().error_class, ErrorClass::kUsage);
    const Result<ResultReader::Found> none = reader.find_finding("7");
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().message,
              "find the finding 7 in " + path_ + ": none has an id that begins so");
    EXPECT_THAT(none.error().next_step, testing::HasSubstr("a1b2c3d400000003"));
    EXPECT_FALSE(reader.find_finding("").ok());
    EXPECT_FALSE(reader.find_finding("9c0f' OR 1").ok());
}

TEST_F(StoreResumeTest, FindingOfTwoScenariosIsFoundOnce) {
    auto store = create();
    feed(*store, samples::run_started());
    Scenario other = samples::scenario("string-sweep");
    ScenarioStarted event = started(1);
    event.scenario = &other;
    feed(*store, started(0));
    feed(*store, event);
    feed(*store, FindingSeen{1, samples::finding("9c0f2a7700000001", 4), true});
    feed(*store, FindingSeen{0, samples::finding("9c0f2a7700000001", 5), true});
    const Result<ResultReader::Found> found = store->reader().find_finding("9c");
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found.value().scenario_index, 0u);
    EXPECT_EQ(found.value().finding.point.ordinal, 5u);
}

}  // namespace
}  // namespace dearth::harness
