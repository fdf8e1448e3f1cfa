#include <gtest/gtest.h>

#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

TEST(LeakOracle, TheLargestSiteLeadsAndTheTotalsAreTold) {
    TrialBuilder trial;
    trial.leak(1, 16).leak(2, 400).leak(3, 48);
    const Judgement judgement = trial.judge();
    ASSERT_EQ(judgement.accusations.size(), 1u);
    EXPECT_EQ(judgement.detail,
              "6 blocks (464 bytes) that the baseline does not leave, from 3 call sites");
    EXPECT_EQ(judgement.accusations[0].allocated.frames[0], 2u);
}

TEST(LeakOracle, AReportedErrorDoesNotExcuseALeak) {
    TrialBuilder trial;
    trial.leak(1, 16).error(DEARTH_STEP_RUN, "LUA_ERRMEM", "");
    EXPECT_EQ(trial.verdict(), Verdict::kLeak);
}

TEST(LeakOracle, ATrialThatDiedOwesNothing) {
    TrialBuilder trial;
    trial.leak(1, 16).died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGSEGV);
    const Judgement judgement = trial.judge();
    ASSERT_EQ(judgement.accusations.size(), 1u);
    EXPECT_EQ(judgement.verdict, Verdict::kCrash);
}

TEST(LeakOracle, AFailedOpenOwesWhatItMade) {
    TrialBuilder trial;
    trial.leak(1, 16).error(DEARTH_STEP_OPEN, "LUA_ERRMEM", "");
    trial.slot().steps[DEARTH_STEP_RUN].status = DEARTH_STATUS_NONE;
    trial.slot().steps[DEARTH_STEP_CLOSE].status = DEARTH_STATUS_NONE;
    EXPECT_EQ(trial.verdict(), Verdict::kLeak);
}

TEST(LeakOracle, ACloseThatWasNotLeftIsNotJudged) {
    TrialBuilder trial;
    trial.leak(1, 16);
    trial.slot().steps[DEARTH_STEP_CLOSE].status = DEARTH_STATUS_STARTED;
    EXPECT_EQ(trial.verdict(), Verdict::kInconclusive);
}

TEST(LeakOracle, AScenarioMayNotCareAboutLeaks) {
    TrialBuilder trial;
    trial.leak(1, 16).scenario().expect.needs_no_leak = false;
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

TEST(LeakOracle, MoreSitesThanTheSlotHoldsAreCountedNotRead) {
    TrialBuilder trial;
    trial.leak(1, 16);
    trial.slot().leak_site_count = 4000;
    EXPECT_NE(trial.detail().find("4000 call sites"), std::string::npos);
}

}  // namespace
}  // namespace dearth::harness
