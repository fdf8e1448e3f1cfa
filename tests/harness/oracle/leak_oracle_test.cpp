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

TEST(LeakOracle, AProgramIsAccusedOfLostBlocksAndTheOthersAreTold) {
    TrialBuilder trial;
    trial.engine(Engine::kExec).leak(2, 400).lost(0, 0).leak(3, 48).lost(1, 16);
    const Judgement judgement = trial.judge();
    ASSERT_EQ(judgement.accusations.size(), 1u);
    EXPECT_EQ(judgement.verdict, Verdict::kLeak);
    EXPECT_EQ(judgement.detail,
              "1 block (16 bytes) lost: no pointer to them is left, the baseline does not lose "
              "them; 4 blocks (432 bytes) more still reachable; from 2 call sites");
    EXPECT_EQ(judgement.accusations[0].allocated.frames[0], 2u) << "the site that lost most";
}

TEST(LeakOracle, AProgramMayLeaveWhatItCanStillReach) {
    TrialBuilder trial;
    trial.engine(Engine::kExec).leak(2, 400).lost(0, 0);
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

TEST(LeakOracle, WhetherAProgramsBlocksAreLostMayBeUnknown) {
    TrialBuilder trial;
    trial.engine(Engine::kExec).leak(2, 400);
    for (const dearth_reachability unknown :
         {DEARTH_REACHABILITY_UNASKED, DEARTH_REACHABILITY_UNKNOWN}) {
        trial.slot().reachability = unknown;
        EXPECT_EQ(trial.verdict(), Verdict::kInconclusive);
        EXPECT_NE(trial.detail().find("could not be found out"), std::string::npos);
    }
}

TEST(LeakOracle, NumbersThatMakeNoSenseAreNotSubtracted) {
    TrialBuilder trial;
    trial.engine(Engine::kExec).leak(2, 400).lost(5, 4000);
    EXPECT_EQ(trial.detail(),
              "5 blocks (4000 bytes) lost: no pointer to them is left, the baseline does not lose "
              "them; from 1 call site");
}

}  // namespace
}  // namespace dearth::harness
