// From the sweep's events through the results file to each report: what the parts promise each
// other holds when they are put together.
#include "harness/sweep/store_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/console_reporter.h"
#include "harness/report/jsonl_reporter.h"
#include "harness/report/junit_reporter.h"
#include "harness/store/result_store.h"
#include "tests/harness/store/sample_events.h"
#include "tests/harness/store/scratch_folder.h"

namespace dearth::harness {
namespace {

TEST(StoreSource, ReportsAreMadeFromTheFileOfARunThatWasKilled) {
    const ScratchFolder folder;
    const std::string path = folder.file("run.db");
    const Scenario scenario = samples::scenario("table-sweep");
    auto store = ResultStore::create(path).take();
    ScenarioStarted started;
    started.scenario = &scenario;
    started.baseline = samples::baseline();
    started.planned_trials = 236;
    TrialFinished trial = samples::trial(17, DEARTH_KIND_ONCE, Verdict::kOverflow);
    trial.finding_ids = {"9c0f2a7700000001"};
    for (const SweepEvent& event :
         {SweepEvent(samples::run_started()), SweepEvent(started),
          SweepEvent(FindingSeen{0, samples::finding("9c0f2a7700000001"), true}),
          SweepEvent(trial)})
        ASSERT_TRUE(store->consume(event).ok());

    const StoreSource source(store->reader());
    StringSink console;
    StringSink jsonl;
    StringSink junit;
    ASSERT_TRUE(write_console_report(source, {}, console).ok());
    ASSERT_TRUE(write_jsonl_report(source, jsonl).ok());
    ASSERT_TRUE(write_junit_report(source, JunitDialect::kLenient, junit).ok());
    EXPECT_THAT(console.text(), testing::AllOf(testing::HasSubstr("1 of 44 call sites"),
                                               testing::HasSubstr("[9c0f2a77] confirmed 3/3"),
                                               testing::HasSubstr("--resume")));
    EXPECT_THAT(jsonl.text(), testing::HasSubstr("\"event\":\"run-interrupted\",\"trials\":1"));
    EXPECT_THAT(junit.text(), testing::HasSubstr("<error type=\"incomplete\""));
}

}  // namespace
}  // namespace dearth::harness
