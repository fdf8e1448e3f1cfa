#include <gtest/gtest.h>

#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

TrialBuilder reusable_trial() {
    TrialBuilder trial;
    trial.scenario().expect.needs_reusable = true;
    return trial;
}

TEST(AfterOracle, TheSecondRunMustAnswerAsTheBaselinesSecondRun) {
    TrialBuilder trial = reusable_trial();
    trial.baseline_check(DEARTH_STEP_AGAIN, "2\n").check(DEARTH_STEP_AGAIN, "2\n");
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

TEST(AfterOracle, TheSecondRunMayAnswerAsTheBaselinesFirstRun) {
    TrialBuilder trial = reusable_trial();
    trial.error(DEARTH_STEP_RUN, "LUA_ERRMEM", "");
    trial.baseline_check(DEARTH_STEP_AGAIN, "2\n").check(DEARTH_STEP_AGAIN, "first\nsecond\n");
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
}

TEST(AfterOracle, AnotherAnswerIsBrokenAfter) {
    TrialBuilder trial = reusable_trial();
    trial.error(DEARTH_STEP_RUN, "LUA_ERRMEM", "");
    trial.baseline_check(DEARTH_STEP_AGAIN, "2\n").check(DEARTH_STEP_AGAIN, "3\n");
    EXPECT_EQ(trial.verdict(), Verdict::kBrokenAfter);
    EXPECT_EQ(trial.detail(),
              "another output: line 1 is \"3\", the baseline has \"2\" while "
              "running the script again without faults");
}

TEST(AfterOracle, AFailureOfTheCheckIsBrokenAfterAndQuoted) {
    TrialBuilder trial = reusable_trial();
    trial.baseline_check(DEARTH_STEP_AGAIN, "2\n").check(DEARTH_STEP_AGAIN, "2\n");
    trial.error(DEARTH_STEP_AGAIN, "LUA_ERRRUN", "bad state");
    EXPECT_EQ(trial.verdict(), Verdict::kBrokenAfter);
    EXPECT_EQ(trial.detail(),
              "failed with LUA_ERRRUN: \"bad state\" while running the script "
              "again without faults");
}

TEST(AfterOracle, AScriptThatCannotRunTwiceMustFailTheSameWay) {
    TrialBuilder trial = reusable_trial();
    trial.baseline_check(DEARTH_STEP_AGAIN, "").check(DEARTH_STEP_AGAIN, "");
    dearth_step_result& result = trial.baseline().slot.steps[DEARTH_STEP_AGAIN];
    result.status = DEARTH_STATUS_ERROR;
    set_text(result.kind, "LUA_ERRRUN");
    trial.error(DEARTH_STEP_AGAIN, "LUA_ERRRUN", "again");
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
    trial.error(DEARTH_STEP_AGAIN, "LUA_ERRMEM", "again");
    EXPECT_EQ(trial.verdict(), Verdict::kBrokenAfter);
}

TEST(AfterOracle, ANewInterpreterHasOnlyItsOwnAnswer) {
    TrialBuilder trial;
    trial.scenario().expect.needs_restartable = true;
    trial.baseline_check(DEARTH_STEP_FRESH, "2\n").check(DEARTH_STEP_FRESH, "first\nsecond\n");
    EXPECT_EQ(trial.verdict(), Verdict::kBrokenAfter);
}

TEST(AfterOracle, ACheckThatWasDemandedAndNotMadeIsInDoubt) {
    TrialBuilder trial = reusable_trial();
    EXPECT_EQ(trial.verdict(), Verdict::kInconclusive);
    trial.scenario().expect.needs_reusable = false;
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

TEST(AfterOracle, WithoutAnInterpreterThereIsNoneToUseAgain) {
    TrialBuilder trial = reusable_trial();
    trial.error(DEARTH_STEP_OPEN, "LUA_ERRMEM", "");
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    trial.scenario().expect.needs_restartable = true;
    EXPECT_EQ(trial.verdict(), Verdict::kInconclusive);
}

TEST(AfterOracle, ChecksThatNobodyAskedForAreNotJudged) {
    TrialBuilder trial;
    trial.baseline_check(DEARTH_STEP_AGAIN, "2\n").check(DEARTH_STEP_AGAIN, "3\n");
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

}  // namespace
}  // namespace dearth::harness
