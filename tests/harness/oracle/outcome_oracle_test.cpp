#include <gtest/gtest.h>

#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

struct ErrorCase {
    Engine engine;
    const char* kind;
    const char* message;
    Verdict verdict;
};

// What a scenario means that says no more than [ok, error].
const ErrorCase kDefaultRule[] = {
    {Engine::kLua, "LUA_ERRMEM", "not enough memory", Verdict::kHandled},
    {Engine::kLua, "LUA_ERRMEM", "", Verdict::kHandled},
    {Engine::kLua, "LUA_ERRRUN", "x.lua:3: not enough memory", Verdict::kHandled},
    {Engine::kLua, "LUA_ERRRUN", "attempt to call a nil value", Verdict::kWrongOutcome},
    {Engine::kLua, "LUA_ERRSYNTAX", "not enough memory", Verdict::kWrongOutcome},
    {Engine::kPython, "MemoryError", "", Verdict::kHandled},
    {Engine::kPython, "SystemError", "returned NULL without setting an exception",
     Verdict::kWrongOutcome},
    {Engine::kPython, "TypeError", "MemoryError", Verdict::kWrongOutcome},
    {Engine::kCApi, "nomem", "", Verdict::kHandled},
    {Engine::kCApi, "einval", "nomem", Verdict::kWrongOutcome},
    {Engine::kCApi, "", "", Verdict::kWrongOutcome},
};

TEST(OutcomeOracle, APlainErrorMustBeTheEnginesMemoryError) {
    for (const ErrorCase& example : kDefaultRule) {
        TrialBuilder trial;
        trial.engine(example.engine).error(DEARTH_STEP_RUN, example.kind, example.message);
        EXPECT_EQ(trial.verdict(), example.verdict) << example.kind << ": " << example.message;
    }
}

TEST(OutcomeOracle, DetailsQuoteTheError) {
    TrialBuilder trial;
    trial.engine(Engine::kPython).error(DEARTH_STEP_RUN, "TypeError", "bad\noperand");
    EXPECT_EQ(trial.detail(),
              "an injected memory failure was reported as TypeError: \"bad\\noperand\" "
              "while running the script");
}

TEST(OutcomeOracle, ListedExceptionsAreAcceptedExactly) {
    TrialBuilder trial;
    trial.engine(Engine::kPython).outcomes({ok_outcome(), exception_outcome("KeyError")});
    EXPECT_EQ(trial.error(DEARTH_STEP_RUN, "KeyError", "k").verdict(), Verdict::kHandled);
    EXPECT_EQ(trial.error(DEARTH_STEP_RUN, "MemoryError", "").verdict(), Verdict::kWrongOutcome);
    EXPECT_EQ(trial.error(DEARTH_STEP_RUN, "KeyErrorX", "").verdict(), Verdict::kWrongOutcome);
    trial.outcomes({error_outcome(), exception_outcome("SystemError")});
    EXPECT_EQ(trial.error(DEARTH_STEP_RUN, "SystemError", "").verdict(), Verdict::kHandled);
}

TEST(OutcomeOracle, SystemErrorIsNoPlainErrorEvenWhenItsTextFits) {
    TrialBuilder trial;
    trial.scenario().expect.error = TextPattern{"NULL", false};
    trial.engine(Engine::kPython).error(DEARTH_STEP_RUN, "SystemError", "NULL without exception");
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
}

TEST(OutcomeOracle, AnErrorWithoutAnErrorSetIsWrongInEveryStep) {
    for (const dearth_step step : {DEARTH_STEP_OPEN, DEARTH_STEP_RUN, DEARTH_STEP_CLOSE}) {
        TrialBuilder trial;
        trial.slot().steps[step].status = DEARTH_STATUS_ERROR_UNSET;
        const Judgement judgement = trial.judge();
        EXPECT_EQ(judgement.verdict, Verdict::kWrongOutcome);
        EXPECT_NE(judgement.detail.find("error returned with no error set"), std::string::npos);
    }
}

TEST(OutcomeOracle, TheTextReplacesTheEnginesRule) {
    TrialBuilder trial;
    trial.scenario().expect.error = TextPattern{"out of memory", false};
    EXPECT_EQ(trial.error(DEARTH_STEP_RUN, "LUA_ERRRUN", "app: out of memory").verdict(),
              Verdict::kHandled);
    EXPECT_EQ(trial.error(DEARTH_STEP_RUN, "LUA_ERRMEM", "not enough memory").verdict(),
              Verdict::kWrongOutcome);
    trial.scenario().expect.error = TextPattern{"^LUA_ERRMEM: not en(ou)gh", true};
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    trial.scenario().expect.error = TextPattern{"broken(", true};
    EXPECT_EQ(trial.verdict(), Verdict::kInconclusive);
}

TEST(OutcomeOracle, AnyErrorWhileOpeningIsAnErrorIfErrorsAreAccepted) {
    TrialBuilder trial;
    trial.engine(Engine::kPython).error(DEARTH_STEP_OPEN, "PyStatus", "can't init");
    trial.slot().steps[DEARTH_STEP_RUN].status = DEARTH_STATUS_NONE;
    trial.slot().steps[DEARTH_STEP_CLOSE].status = DEARTH_STATUS_NONE;
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    trial.outcomes({ok_outcome(), exception_outcome("PyStatus")});
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
    trial.outcomes({ok_outcome()});
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
}

TEST(OutcomeOracle, AHandledErrorDoesNotExcuseAnotherInALaterStep) {
    TrialBuilder trial;
    trial.error(DEARTH_STEP_RUN, "LUA_ERRMEM", "").error(DEARTH_STEP_CLOSE, "LUA_ERRRUN", "x");
    EXPECT_EQ(trial.verdict(), Verdict::kWrongOutcome);
}

TEST(OutcomeOracle, AnErrorWithoutAFailedRequestIsNoMemoryError) {
    TrialBuilder trial;
    trial.record().point.kind.action = DEARTH_ACTION_MOVE;
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
    EXPECT_EQ(trial.error(DEARTH_STEP_RUN, "LUA_ERRMEM", "").verdict(), Verdict::kWrongOutcome);
}

TEST(OutcomeOracle, ASuccessfulEndNeedsTheBaselinesOutput) {
    TrialBuilder trial;
    trial.output("first\nother\n");
    EXPECT_EQ(trial.verdict(), Verdict::kUnreported);
    EXPECT_EQ(trial.detail(),
              "ended ok with another output while running the script: "
              "line 2 is \"other\", the baseline has \"second\"");
    trial.scenario().expect.needs_same_output = false;
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
}

TEST(OutcomeOracle, OutputOfCloseCounts) {
    TrialBuilder trial;
    trial.record().out += "late\n";
    trial.slot().steps[DEARTH_STEP_CLOSE].out_end += 5;
    EXPECT_EQ(trial.verdict(), Verdict::kUnreported);
}

TEST(OutcomeOracle, AnAbsorbedFailureIsFineUnlessAReportIsDemanded) {
    TrialBuilder trial;
    trial.scenario().expect.needs_report = true;
    EXPECT_EQ(trial.verdict(), Verdict::kUnreported);
    trial.record().point.kind.action = DEARTH_ACTION_MOVE;
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected) << "nothing failed, nothing to report";
}

TEST(OutcomeOracle, SuccessMustBeAmongTheOutcomes) {
    TrialBuilder trial;
    trial.outcomes({error_outcome()});
    EXPECT_EQ(trial.verdict(), Verdict::kUnreported);
    trial.outcomes({error_outcome(), exit_outcome(0)});
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

TEST(OutcomeOracle, AnOutputPatternReplacesTheComparison) {
    TrialBuilder trial;
    trial.scenario().expect.output = TextPattern{"^(second|caught)$", true};
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
    EXPECT_EQ(trial.output("first\ncaught\n").verdict(), Verdict::kHandled);
    EXPECT_EQ(trial.output("first\nnil\n").verdict(), Verdict::kUnreported);
}

TEST(OutcomeOracle, OutputThatDoesNotFitItsRecordIsInDoubt) {
    TrialBuilder beyond;
    beyond.slot().steps[DEARTH_STEP_RUN].out_end = 1000;
    EXPECT_EQ(beyond.verdict(), Verdict::kInconclusive);
    TrialBuilder backwards;
    backwards.slot().steps[DEARTH_STEP_RUN].out_begin = 5;
    backwards.slot().steps[DEARTH_STEP_RUN].out_end = 4;
    EXPECT_EQ(backwards.verdict(), Verdict::kInconclusive);
}

TEST(OutcomeOracle, MissingResultsOfAFinishedTrialAreInDoubt) {
    for (const dearth_step step : {DEARTH_STEP_OPEN, DEARTH_STEP_RUN, DEARTH_STEP_CLOSE}) {
        for (const uint32_t status : {0u, 4u, 99u}) {
            TrialBuilder trial;
            trial.slot().steps[step].status = status;
            EXPECT_EQ(trial.verdict(), Verdict::kInconclusive) << step << " " << status;
        }
    }
}

TEST(OutcomeOracle, TextsWithoutTerminatorEndAtTheirField) {
    TrialBuilder trial;
    trial.error(DEARTH_STEP_RUN, std::string(32, 'K'), std::string(224, 'm'));
    const std::string detail = trial.detail();
    EXPECT_NE(detail.find(std::string(32, 'K') + ": \"mmm"), std::string::npos) << detail;
    EXPECT_EQ(detail.find(std::string(33, 'K')), std::string::npos) << detail;
}

}  // namespace
}  // namespace dearth::harness
