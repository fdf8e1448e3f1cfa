// What goes in comes out: every event, read back by a reader of its own.
#include "harness/store/result_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/harness/store/sample_events.h"
#include "tests/harness/store/scratch_folder.h"

namespace dearth::harness {
namespace {

using samples::trial;

class ResultStoreTest : public testing::Test {
protected:
    ScratchFolder folder_;
    std::string path_ = folder_.file("run.db");
    Scenario scenario_ = samples::scenario("table-sweep");

    std::unique_ptr<ResultStore> create() {
        Result<std::unique_ptr<ResultStore>> store = ResultStore::create(path_);
        EXPECT_TRUE(store.ok()) << store.error().message;
        return store.take();
    }
    std::unique_ptr<ResultStore> resume() {
        Result<std::unique_ptr<ResultStore>> store = ResultStore::open_for_resume(path_);
        EXPECT_TRUE(store.ok()) << store.error().message;
        return store.take();
    }
    ResultReader open() {
        Result<ResultReader> reader = ResultReader::open_existing(path_);
        EXPECT_TRUE(reader.ok()) << reader.error().message;
        return reader.take();
    }
    ScenarioStarted started(size_t index = 0) const {
        ScenarioStarted event;
        event.scenario_index = index;
        event.scenario = &scenario_;
        event.baseline = samples::baseline();
        event.strategy = Strategy::kFork;
        event.planned_trials = 236;
        event.resumed_trials = 5;
        return event;
    }
    static void feed(ResultStore& store, const SweepEvent& event) {
        const Status status = store.consume(event);
        ASSERT_TRUE(status.ok()) << status.error().message;
    }
    static std::vector<TrialFinished> trials_of(const ResultReader& reader, size_t scenario = 0) {
        std::vector<TrialFinished> trials;
        const Status status = reader.for_each_trial(scenario, [&](const TrialFinished& trial) {
            trials.push_back(trial);
            return Status(Done{});
        });
        EXPECT_TRUE(status.ok()) << status.error().message;
        return trials;
    }
    static std::vector<Finding> findings_of(const ResultReader& reader, size_t scenario = 0) {
        std::vector<Finding> findings;
        const Status status = reader.for_each_finding(scenario, [&](const Finding& finding) {
            findings.push_back(finding);
            return Status(Done{});
        });
        EXPECT_TRUE(status.ok()) << status.error().message;
        return findings;
    }
};

TEST_F(ResultStoreTest, RunComesBackWhole) {
    {
        auto store = create();
        feed(*store, samples::run_started());
        feed(*store, RunFinished{1, 2.5, 1.25, "2 findings fail the gate"});
    }
    const RunFacts facts = open().run().take();
    const RunStarted expected = samples::run_started();
    EXPECT_EQ(facts.start.run_id, expected.run_id);
    EXPECT_EQ(facts.start.command_line, expected.command_line);
    EXPECT_EQ(facts.start.version, expected.version);
    EXPECT_EQ(facts.start.seed, expected.seed);
    EXPECT_EQ(facts.start.jobs, expected.jobs);
    EXPECT_EQ(facts.start.started_unix_ms, expected.started_unix_ms);
    EXPECT_EQ(facts.sessions, 1u);
    ASSERT_TRUE(facts.finish.has_value());
    EXPECT_EQ(facts.finish->exit_code, 1);
    EXPECT_EQ(facts.finish->cpu_s, 2.5);
    EXPECT_EQ(facts.finish->wall_s, 1.25);
    EXPECT_EQ(facts.finish->exit_reason, "2 findings fail the gate");
    EXPECT_FALSE(facts.is_interrupted());
}

TEST_F(ResultStoreTest, ScenarioComesBackWhole) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    feed(*store, trial(1));
    feed(*store, trial(2, DEARTH_KIND_ONCE, Verdict::kLeak));
    ScenarioFinished finished;
    finished.sites_seen = 44;
    finished.sites_failed = 41;
    finished.unexplored = 3;
    finished.problem = "the target does not repeat itself";
    finished.problem_exit = 3;
    feed(*store, finished);
    ASSERT_TRUE(store->close().ok());

    const std::vector<ScenarioFacts> all = open().scenarios().take();
    ASSERT_EQ(all.size(), 1u);
    const ScenarioFacts& facts = all.front();
    const Baseline expected = samples::baseline();
    EXPECT_EQ(facts.scenario_index, 0u);
    EXPECT_EQ(facts.name, scenario_.name);
    EXPECT_EQ(facts.file, scenario_.file);
    EXPECT_EQ(facts.description, scenario_.description);
    EXPECT_EQ(facts.tags, scenario_.tags);
    EXPECT_EQ(facts.fingerprint_text, scenario_fingerprint_text(scenario_));
    EXPECT_EQ(facts.engine, Engine::kLua);
    EXPECT_EQ(facts.strategy, Strategy::kFork);
    EXPECT_EQ(facts.baseline.out, expected.out);
    EXPECT_EQ(facts.baseline.err, expected.err);
    EXPECT_EQ(facts.baseline.requests, expected.requests);
    EXPECT_EQ(facts.baseline.selected, expected.selected);
    EXPECT_EQ(facts.baseline.sites_seen, expected.sites_seen);
    EXPECT_EQ(facts.baseline.elapsed_ms, expected.elapsed_ms);
    EXPECT_EQ(facts.baseline.is_repeatable, expected.is_repeatable);
    EXPECT_EQ(facts.baseline.drift, expected.drift);
    EXPECT_EQ(facts.baseline.engine_version, expected.engine_version);
    EXPECT_EQ(facts.planned_trials, 236u);
    EXPECT_EQ(facts.resumed_trials, 5u);
    EXPECT_TRUE(facts.is_finished);
    EXPECT_EQ(facts.outcome.trials, 2u);
    EXPECT_EQ(facts.outcome.verdicts[static_cast<size_t>(Verdict::kLeak)], 1u);
    EXPECT_EQ(facts.outcome.sites_seen, 44u);
    EXPECT_EQ(facts.outcome.sites_failed, 41u);
    EXPECT_EQ(facts.outcome.unexplored, 3u);
    EXPECT_EQ(facts.outcome.problem, finished.problem);
    EXPECT_EQ(facts.outcome.problem_exit, 3);
}

TEST_F(ResultStoreTest, TrialComesBackWholeForEveryVerdict) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    feed(*store, FindingSeen{0, samples::finding("9c0f2a7700000001"), true});
    for (size_t i = 0; i < kVerdictCount; ++i) {
        TrialFinished event = trial(i + 1, DEARTH_KIND_PERSISTENT, static_cast<Verdict>(i));
        event.detail = i % 2 == 0 ? "" : "why";
        event.point.site = i % 3 == 0 ? UINT64_MAX - i : 0;
        event.point.occurrence = i % 3 == 0 ? 4 : 0;
        if (is_finding(event.verdict))
            event.finding_ids = {"9c0f2a7700000001"};
        feed(*store, event);
    }
    const std::vector<TrialFinished> trials = trials_of(store->reader());
    ASSERT_EQ(trials.size(), kVerdictCount);
    for (size_t i = 0; i < kVerdictCount; ++i) {
        const TrialFinished expected = trial(i + 1);
        EXPECT_EQ(trials[i].point.ordinal, i + 1);
        EXPECT_EQ(trials[i].point.kind.kind, uint32_t{DEARTH_KIND_PERSISTENT});
        EXPECT_EQ(trials[i].point.site, i % 3 == 0 ? UINT64_MAX - i : 0);
        EXPECT_EQ(trials[i].point.occurrence, i % 3 == 0 ? 4u : 0u);
        EXPECT_EQ(trials[i].verdict, static_cast<Verdict>(i));
        EXPECT_EQ(trials[i].strategy, expected.strategy);
        EXPECT_EQ(trials[i].detail, i % 2 == 0 ? "" : "why");
        EXPECT_EQ(trials[i].site, expected.site);
        EXPECT_EQ(trials[i].phase, expected.phase);
        EXPECT_EQ(trials[i].elapsed_us, expected.elapsed_us);
        EXPECT_EQ(trials[i].finding_ids.size(), is_finding(trials[i].verdict) ? 1u : 0u);
    }
}

void expect_same(const Finding& actual, const Finding& expected) {
    EXPECT_EQ(actual.id, expected.id);
    EXPECT_EQ(actual.verdict, expected.verdict);
    EXPECT_EQ(actual.scenario, expected.scenario);
    EXPECT_EQ(actual.detail, expected.detail);
    EXPECT_EQ(actual.point.kind, expected.point.kind);
    EXPECT_EQ(actual.point.ordinal, expected.point.ordinal);
    EXPECT_EQ(actual.point.seed, expected.point.seed);
    EXPECT_EQ(actual.point.site, expected.point.site);
    EXPECT_EQ(actual.point.occurrence, expected.point.occurrence);
    EXPECT_EQ(actual.phase, expected.phase);
    EXPECT_EQ(std::memcmp(&actual.request, &expected.request, sizeof actual.request), 0);
    EXPECT_EQ(actual.injected, expected.injected);
    EXPECT_EQ(actual.detected, expected.detected);
    EXPECT_EQ(actual.allocated, expected.allocated);
    EXPECT_EQ(actual.freed, expected.freed);
    ASSERT_EQ(actual.script.size(), expected.script.size());
    for (size_t i = 0; i < actual.script.size(); ++i)
        EXPECT_EQ(std::memcmp(&actual.script[i], &expected.script[i], sizeof actual.script[i]), 0);
    EXPECT_EQ(actual.schedule_text, expected.schedule_text);
    EXPECT_EQ(actual.error_text, expected.error_text);
    EXPECT_EQ(actual.trial_count, expected.trial_count);
    EXPECT_EQ(actual.replays, expected.replays);
    EXPECT_EQ(actual.replays_agreeing, expected.replays_agreeing);
    EXPECT_EQ(actual.disposition, expected.disposition);
    EXPECT_EQ(actual.known_reason, expected.known_reason);
}

TEST_F(ResultStoreTest, FindingComesBackWholeAndUpdated) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    Finding finding = samples::finding("9c0f2a7700000001");
    feed(*store, FindingSeen{0, finding, true});
    expect_same(findings_of(store->reader()).at(0), finding);

    finding.point.seed = 7;
    finding.replays_agreeing = 2;
    finding.injected.pop_back();
    finding.script.clear();
    finding.disposition = Disposition::kKnown;
    feed(*store, FindingSeen{0, finding, false});
    ASSERT_TRUE(store->close().ok());
    const std::vector<Finding> findings = findings_of(open());
    ASSERT_EQ(findings.size(), 1u);
    expect_same(findings[0], finding);
}

TEST_F(ResultStoreTest, TrialsOfAFindingAreCountedAndKeepTheirOrder) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    TrialFinished event = trial(5, DEARTH_KIND_ONCE, Verdict::kOverflow);
    event.finding_ids = {"bbbb000000000000", "aaaa000000000000"};
    feed(*store, event);  // before its findings
    Finding finding = samples::finding("aaaa000000000000", 5);
    finding.trial_count = 0;
    feed(*store, FindingSeen{0, finding, true});
    EXPECT_EQ(trials_of(store->reader()).at(0).finding_ids, event.finding_ids);
    ASSERT_EQ(findings_of(store->reader()).size(), 1u) << "one that was only named is no finding";
    EXPECT_EQ(findings_of(store->reader())[0].trial_count, 1u);
}

TEST_F(ResultStoreTest, FindingsAndTrialsComeInOrderOfTheirPoints) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    for (const uint64_t ordinal : {40u, 3u, 17u}) {
        feed(*store, trial(ordinal));
        feed(*store,
             FindingSeen{0, samples::finding("c" + std::to_string(ordinal), ordinal), true});
    }
    std::vector<uint64_t> trials;
    std::vector<uint64_t> findings;
    for (const TrialFinished& event : trials_of(store->reader()))
        trials.push_back(event.point.ordinal);
    for (const Finding& finding : findings_of(store->reader()))
        findings.push_back(finding.point.ordinal);
    EXPECT_THAT(trials, testing::ElementsAre(3u, 17u, 40u));
    EXPECT_THAT(findings, testing::ElementsAre(3u, 17u, 40u));
}

TEST_F(ResultStoreTest, CallbackErrorEndsTheIteration) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    feed(*store, trial(1));
    feed(*store, trial(2));
    int calls = 0;
    const Status status = store->reader().for_each_trial(0, [&](const TrialFinished&) -> Status {
        ++calls;
        return Error{ErrorClass::kInternal, "enough", ""};
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "enough");
    EXPECT_EQ(calls, 1);
}

TEST_F(ResultStoreTest, ScenarioThatNeverStartedIsRefused) {
    auto store = create();
    feed(*store, samples::run_started());
    ASSERT_FALSE(store->consume(trial(1)).ok());
    EXPECT_FALSE(store->consume(started()).ok()) << "the first error must stay";
}

TEST_F(ResultStoreTest, ReaderSeesTheRunWhileItGoesOn) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    feed(*store, trial(1));
    const ResultReader reader = open();
    EXPECT_EQ(trials_of(reader).size(), 1u);
    feed(*store, trial(2));
    EXPECT_EQ(trials_of(reader).size(), 2u);
    EXPECT_TRUE(reader.run().value().is_interrupted());
}

TEST_F(ResultStoreTest, ClosedFileStandsAlone) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    feed(*store, trial(1));
    ASSERT_TRUE(store->close().ok());
    EXPECT_THAT(folder_.names(), testing::ElementsAre("run.db"));
}

TEST_F(ResultStoreTest, ResumedRunKeepsItsIdentityAndAddsItsTime) {
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

TEST_F(ResultStoreTest, ResumeAnswersWhichPointsAreFinished) {
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

TEST_F(ResultStoreTest, ChangedScenarioLosesItsOldTrials) {
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

TEST_F(ResultStoreTest, TrialWhoseFindingWasNeverWrittenIsRunAgain) {
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

TEST_F(ResultStoreTest, RepeatedTrialReplacesItselfAndItsLinks) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started());
    Finding finding = samples::finding("9c0f2a7700000001", 1);
    finding.trial_count = 0;
    feed(*store, FindingSeen{0, finding, true});
    TrialFinished event = trial(1, DEARTH_KIND_ONCE, Verdict::kOverflow);
    event.finding_ids = {finding.id};
    feed(*store, event);
    feed(*store, trial(1));
    const std::vector<TrialFinished> trials = trials_of(store->reader());
    ASSERT_EQ(trials.size(), 1u);
    EXPECT_EQ(trials[0].verdict, Verdict::kHandled);
    EXPECT_TRUE(trials[0].finding_ids.empty());
}

TEST_F(ResultStoreTest, ScenariosOfOneNameKeepTheirTrialsApart) {
    auto store = create();
    feed(*store, samples::run_started());
    feed(*store, started(0));
    feed(*store, trial(1));
    Scenario other = scenario_;
    other.file = "elsewhere.dearth.yaml";
    ScenarioStarted event = started(1);
    event.scenario = &other;
    feed(*store, event);
    TrialFinished second = trial(2);
    second.scenario_index = 1;
    feed(*store, second);
    EXPECT_EQ(store->reader().scenarios().value().size(), 2u);
    EXPECT_EQ(trials_of(store->reader(), 0).size(), 1u);
    EXPECT_EQ(trials_of(store->reader(), 1).size(), 1u);
}

TEST_F(ResultStoreTest, PrefixFindsTheOneFinding) {
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

TEST_F(ResultStoreTest, FindingOfTwoScenariosIsFoundOnce) {
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
