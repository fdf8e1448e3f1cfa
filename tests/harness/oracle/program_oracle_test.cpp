// What a program's exit status and output mean, with and without faults injected.
#include <gtest/gtest.h>

#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

TrialBuilder program() {
    TrialBuilder trial;
    trial.engine(Engine::kExec);
    return trial;
}

TrialBuilder left_with(int status) {
    TrialBuilder trial = program();
    trial.slot().end_code = status;
    if (status != 0)
        trial.error(DEARTH_STEP_RUN, "exit", "exit status " + std::to_string(status));
    return trial;
}

TEST(ProgramOracle, AnErrorStatusIsAReport) {
    TrialBuilder trial = left_with(1);
    trial.output("");
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    EXPECT_EQ(trial.detail(), "exit status 1");
}

TEST(ProgramOracle, WhatWasSaidOnStandardErrorIsQuoted) {
    TrialBuilder trial = left_with(2);
    trial.record().err = "prog: out of memory\n";
    EXPECT_EQ(trial.detail(), "exit status 2; standard error: \"prog: out of memory\"");
}

TEST(ProgramOracle, TheBaselinesOutputIsUnaffected) {
    EXPECT_EQ(left_with(0).verdict(), Verdict::kUnaffected);
}

TEST(ProgramOracle, SuccessWithAnotherOutputIsUnreported) {
    TrialBuilder trial = left_with(0);
    trial.output("first\n");
    EXPECT_EQ(trial.verdict(), Verdict::kUnreported);
    trial.scenario().expect.needs_same_output = false;
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
}

TEST(ProgramOracle, SuccessIsRefusedWhereAnErrorIsDemanded) {
    TrialBuilder trial = left_with(0);
    trial.outcomes({exit_outcome(1)});
    EXPECT_EQ(trial.verdict(), Verdict::kUnreported);
}

TEST(ProgramOracle, OnlyTheStatusesNamedAreAccepted) {
    TrialBuilder trial = left_with(3);
    trial.outcomes({ok_outcome(), exit_outcome(1)});
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
    EXPECT_EQ(trial.detail(), "exit status 3, the scenario accepts ok, exit:1");
    trial.outcomes({ok_outcome(), exit_outcome(3)});
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
}

TEST(ProgramOracle, AnotherStatusMayBeSuccess) {
    TrialBuilder trial = left_with(4);
    trial.scenario().expect.baseline_exit = 4;
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
    trial.outcomes({exit_outcome(4)});
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
    TrialBuilder zero = left_with(0);
    zero.scenario().expect.baseline_exit = 4;
    EXPECT_EQ(zero.verdict(), Verdict::kWrongOutcome);
    zero.outcomes({exit_outcome(0)});
    EXPECT_EQ(zero.verdict(), Verdict::kHandled);
}

TEST(ProgramOracle, StandardErrorIsHeldAgainstThePattern) {
    TrialBuilder trial = left_with(1);
    trial.scenario().expect.error_output = TextPattern{"out of memory", false};
    trial.record().err = "usage: prog\n";
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
    trial.record().err = "prog: out of memory\n";
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
}

TEST(ProgramOracle, AnErrorWithoutAFailedRequestIsAccused) {
    TrialBuilder trial = left_with(1);
    trial.record().point.kind.action = DEARTH_ACTION_MOVE;
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
}

TEST(ProgramOracle, LeavingWithoutALastWordIsJudgedByTheStatusToo) {
    TrialBuilder trial = program();
    trial.died(DEARTH_STEP_RUN, DEARTH_END_EXITED, 127);
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    trial.died(DEARTH_STEP_RUN, DEARTH_END_EXITED, 0);
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

TEST(ProgramOracle, SignalsAndDeadlinesAreOthersMatter) {
    TrialBuilder crash = program();
    crash.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGSEGV);
    EXPECT_EQ(crash.verdict(), Verdict::kCrash);
    TrialBuilder abort = program();
    abort.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGABRT);
    EXPECT_EQ(abort.verdict(), Verdict::kAbort);
    abort.outcomes({ok_outcome(), signal_outcome(SIGABRT)});
    EXPECT_EQ(abort.verdict(), Verdict::kHandled);
    TrialBuilder hang = program();
    hang.died(DEARTH_STEP_RUN, DEARTH_END_DEADLINE, 0);
    EXPECT_EQ(hang.verdict(), Verdict::kHang);
}

TEST(ProgramOracle, NothingInjectedIsNotReached) {
    TrialBuilder trial = left_with(0);
    trial.slot().injected_count = 0;
    EXPECT_EQ(trial.verdict(), Verdict::kNotReached);
}

TEST(ProgramOracle, EnginesAreNotJudgedByTheirStatus) {
    TrialBuilder trial;
    trial.slot().end_code = 1;
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

}  // namespace
}  // namespace dearth::harness
