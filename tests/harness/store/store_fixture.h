// What the tests of the store share: a file of their own, events to feed, and everything read
// back from it.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "harness/store/result_store.h"
#include "tests/harness/store/sample_events.h"
#include "tests/harness/store/scratch_folder.h"

namespace dearth::harness {

class StoreFixture : public testing::Test {
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

inline void expect_same(const Finding& actual, const Finding& expected) {
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

}  // namespace dearth::harness
