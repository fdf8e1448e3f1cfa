// What goes in comes out: every event, read back by a reader of its own.
#include "harness/store/result_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/harness/store/store_fixture.h"

namespace dearth::harness {
namespace {

using samples::trial;

class ResultStoreTest : public StoreFixture {};

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

}  // namespace
}  // namespace dearth::harness
