// How a program ended that nobody killed: its exit status is its answer, its standard output what
// success is held against. What it leaves in memory is not looked at: see default_expectation.
#include <fmt/format.h>

#include <algorithm>

#include "harness/oracle/error_acceptance.h"
#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"
#include "harness/oracle/step_output.h"
#include "harness/oracle/success_judgement.h"

namespace dearth::harness {
namespace {

using Form = AcceptableOutcome::Form;

OutputDifference compare_with_baseline(const OracleInput& input) {
    const StepOutput trial =
        step_output(input.record.out, input.record.slot.steps[DEARTH_STEP_RUN]);
    const StepOutput baseline =
        step_output(input.baseline.out, input.baseline.slot.steps[DEARTH_STEP_RUN]);
    switch (compare_output(trial, baseline)) {
        case Sameness::kSame:
            return {};
        case Sameness::kDifferent:
            return {Sameness::kDifferent, "another output: " + difference_words(trial, baseline)};
        case Sameness::kUnknown:
            break;
    }
    return {Sameness::kUnknown, "the recorded output does not fit what was kept of it"};
}

bool accepts_status(const Scenario& scenario, int status) {
    const auto& outcomes = scenario.expect.outcomes;
    return std::any_of(outcomes.begin(), outcomes.end(), [&](const AcceptableOutcome& outcome) {
        // A status of 0 where another one is success claims that all went well.
        return outcome.form == Form::kExit ? outcome.code == status
                                           : outcome.form == Form::kError && status != 0;
    });
}

OracleAnswer judge_failure(const OracleInput& input, int status) {
    const std::string words = fmt::format("exit status {}", status);
    if (!accepts_status(input.scenario, status)) {
        return OracleAnswer::accuses(
            Verdict::kWrongOutcome,
            fmt::format("{}, the scenario accepts {}{}", words, accepted_words(input.scenario),
                        error_stream_words(input.record)));
    }
    if (!injects_failures(input.scenario, input.record)) {
        return OracleAnswer::accuses(
            Verdict::kWrongOutcome, fmt::format("{}, although no request was made to fail{}", words,
                                                error_stream_words(input.record)));
    }
    ErrorAcceptance said = judge_error_output(input);
    switch (said.answer) {
        case ErrorAcceptance::Answer::kRefused:
            return OracleAnswer::accuses(Verdict::kWrongOutcome,
                                         fmt::format("{}, {}", words, said.reason));
        case ErrorAcceptance::Answer::kUnknown:
            return OracleAnswer::stands(Verdict::kInconclusive, std::move(said.reason));
        case ErrorAcceptance::Answer::kAccepted:
            break;
    }
    return OracleAnswer::stands(Verdict::kHandled, words + error_stream_words(input.record));
}

}  // namespace

OracleAnswer program_oracle(const OracleInput& input) {
    const dearth_trial_slot& slot = input.record.slot;
    const bool has_left = slot.end == DEARTH_END_FINISHED ||
                          (slot.end == DEARTH_END_EXITED && slot.fatal_signal == 0);
    if (input.scenario.target.engine != Engine::kExec || !has_left) {
        return OracleAnswer::nothing();
    }
    return slot.end_code == input.scenario.expect.baseline_exit
               ? judge_success(input, compare_with_baseline(input))
               : judge_failure(input, slot.end_code);
}

}  // namespace dearth::harness
