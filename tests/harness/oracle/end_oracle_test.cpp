#include <gtest/gtest.h>

#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

TEST(EndOracle, SignalsOfTheCodeAreCrashesAndSignalsOfPeopleAreNot) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGPIPE}) {
        TrialBuilder trial;
        trial.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, signal);
        EXPECT_EQ(trial.verdict(), Verdict::kCrash) << signal;
    }
    for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
        TrialBuilder trial;
        trial.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, signal);
        EXPECT_EQ(trial.verdict(), Verdict::kInconclusive) << signal;
    }
}

TEST(EndOracle, ACrashNamesSignalPlaceAndNullPointer) {
    TrialBuilder trial;
    trial.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGSEGV);
    trial.slot().fatal_signal = SIGSEGV;
    trial.slot().fatal_address = 0x18;
    trial.slot().fatal.depth = 2;
    EXPECT_EQ(trial.detail(), "SIGSEGV at address 0x18 (null pointer) while running the script");
    EXPECT_EQ(trial.judge().accusations.at(0).detected.depth, 2u);
    trial.slot().fatal_address = 0x7fffdeadbeef;
    EXPECT_EQ(trial.detail().find("7fff"), std::string::npos) << "addresses move between runs";
}

TEST(EndOracle, AnAbortQuotesWhatTheTrialItselfSaid) {
    TrialBuilder trial;
    trial.died(DEARTH_STEP_OPEN, DEARTH_END_SIGNALED, SIGABRT);
    trial.record().err = "a warning before\n\nFatal Python error: no memory\nmore\n";
    trial.slot().err_prefix_bytes = std::string_view("a warning before\n").size();
    EXPECT_EQ(trial.detail(),
              "SIGABRT while opening the interpreter; standard error: "
              "\"Fatal Python error: no memory\"");
    trial.slot().err_prefix_bytes = UINT64_MAX;
    EXPECT_EQ(trial.detail(), "SIGABRT while opening the interpreter");
}

TEST(EndOracle, ADeclaredSignalIsHandledAndItsNeighbourIsNot) {
    TrialBuilder trial;
    trial.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGABRT);
    trial.outcomes({ok_outcome(), signal_outcome(SIGABRT)});
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    trial.outcomes({ok_outcome(), signal_outcome(SIGSEGV)});
    EXPECT_EQ(trial.verdict(), Verdict::kAbort);
    trial.outcomes({ok_outcome(), exit_outcome(SIGABRT)});
    EXPECT_EQ(trial.verdict(), Verdict::kAbort);
}

TEST(EndOracle, NoDeathInTheCheckAfterwardsIsAccepted) {
    TrialBuilder trial;
    trial.died(DEARTH_STEP_AGAIN, DEARTH_END_SIGNALED, SIGABRT);
    trial.outcomes({signal_outcome(SIGABRT), exit_outcome(3)});
    EXPECT_EQ(trial.verdict(), Verdict::kAbort);
    trial.died(DEARTH_STEP_AGAIN, DEARTH_END_EXITED, 3);
    EXPECT_EQ(trial.verdict(), Verdict::kBrokenAfter);
}

TEST(EndOracle, AnEarlyExitIsAWrongOutcomeUnlessAccepted) {
    TrialBuilder trial;
    trial.died(DEARTH_STEP_RUN, DEARTH_END_EXITED, 12);
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
    EXPECT_EQ(trial.detail(),
              "exit with status 12 while running the script, without an error returned");
    trial.outcomes({exit_outcome(12)});
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    trial.outcomes({exit_outcome(13)});
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
}

TEST(EndOracle, AFatalSignalOutweighsTheExitOrDeadlineThatFollowed) {
    for (const dearth_end end : {DEARTH_END_EXITED, DEARTH_END_DEADLINE}) {
        TrialBuilder trial;
        trial.died(DEARTH_STEP_RUN, end, 1);
        trial.slot().fatal_signal = SIGSEGV;
        EXPECT_EQ(trial.verdict(), Verdict::kCrash);
    }
}

TEST(EndOracle, HangsNameTheLimitAndLivelocksTheCount) {
    TrialBuilder late;
    late.died(DEARTH_STEP_CLOSE, DEARTH_END_DEADLINE, 0);
    late.scenario().limits.timeout_ms = 5000;
    EXPECT_EQ(late.detail(), "no end after 5000 ms while closing the interpreter");
    EXPECT_EQ(late.verdict(), Verdict::kHang);

    TrialBuilder busy;
    busy.died(DEARTH_STEP_RUN, DEARTH_END_LIVELOCK, 0);
    busy.slot().injected_count = 50'000;
    EXPECT_EQ(busy.detail(), "still retrying after 50000 failed requests while running the script");
    EXPECT_EQ(busy.verdict(), Verdict::kHang);
}

TEST(EndOracle, ThePhaseTellsTheStepWhereNoStepDoes) {
    TrialBuilder trial;
    trial.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGSEGV);
    trial.slot().steps[DEARTH_STEP_RUN].status = DEARTH_STATUS_OK;
    trial.slot().phase = DEARTH_PHASE_CLOSE;
    EXPECT_EQ(trial.detail(), "SIGSEGV while closing the interpreter");
    trial.slot().phase = 1234;
    EXPECT_EQ(trial.detail(), "SIGSEGV at an unknown step");
}

}  // namespace
}  // namespace dearth::harness
