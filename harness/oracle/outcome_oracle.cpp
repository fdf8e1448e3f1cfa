// What open, run and close reported: errors against the scenario, success against the baseline's
// output. Looks only at trials that went through every step.
#include <fmt/format.h>

#include "harness/oracle/error_acceptance.h"
#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"
#include "harness/oracle/step_output.h"
#include "harness/oracle/success_judgement.h"

namespace dearth::harness {
namespace {

constexpr dearth_step kWorkSteps[] = {DEARTH_STEP_OPEN, DEARTH_STEP_RUN, DEARTH_STEP_CLOSE};

void cannot_tell(OracleAnswer& answer, std::string why) {
    answer.standing = Standing{Verdict::kInconclusive, std::move(why)};
}

OutputDifference compare_with_baseline(const OracleInput& input) {
    for (const dearth_step step : kWorkSteps) {
        const StepOutput trial = step_output(input.record.out, input.record.slot.steps[step]);
        const StepOutput baseline =
            step_output(input.baseline.out, input.baseline.slot.steps[step]);
        const Sameness sameness = compare_output(trial, baseline);
        if (sameness == Sameness::kUnknown) {
            return {sameness, "the recorded output does not fit what was kept of it"};
        }
        if (sameness == Sameness::kDifferent) {
            return {sameness, fmt::format("another output {}: {}", step_words(step),
                                          difference_words(trial, baseline))};
        }
    }
    return {};
}

// Returns false when no later step is to be expected.
bool judge_step(const OracleInput& input, dearth_step step, OracleAnswer& answer) {
    const dearth_step_result& result = input.record.slot.steps[step];
    const std::string_view when = step_words(step);
    switch (result.status) {
        case DEARTH_STATUS_OK:
            return true;
        case DEARTH_STATUS_ERROR_UNSET:
            answer.accusations.push_back({Verdict::kWrongOutcome,
                                          fmt::format("error returned with no error set {}", when),
                                          {},
                                          {},
                                          {}});
            break;
        case DEARTH_STATUS_ERROR: {
            ErrorAcceptance acceptance = judge_error(input, step);
            if (acceptance.answer == ErrorAcceptance::Answer::kAccepted) {
                acceptance = judge_error_output(input);
            }
            switch (acceptance.answer) {
                case ErrorAcceptance::Answer::kAccepted:
                    if (!answer.standing) {
                        answer.standing =
                            Standing{Verdict::kHandled,
                                     fmt::format("reported {} {}", error_words(result), when)};
                    }
                    break;
                case ErrorAcceptance::Answer::kRefused:
                    answer.accusations.push_back({Verdict::kWrongOutcome,
                                                  fmt::format("{} {}", acceptance.reason, when),
                                                  {},
                                                  {},
                                                  {}});
                    break;
                case ErrorAcceptance::Answer::kUnknown:
                    cannot_tell(answer, std::move(acceptance.reason));
                    break;
            }
            break;
        }
        case DEARTH_STATUS_NONE:
            cannot_tell(answer, fmt::format("says it finished, but has no result {}", when));
            break;
        default:
            cannot_tell(answer, fmt::format("says it finished, but stopped {}", when));
            break;
    }
    return step != DEARTH_STEP_OPEN;
}

}  // namespace

OracleAnswer outcome_oracle(const OracleInput& input) {
    if (input.record.slot.end != DEARTH_END_FINISHED ||
        input.scenario.target.engine == Engine::kExec) {
        return OracleAnswer::nothing();
    }
    OracleAnswer answer;
    for (const dearth_step step : kWorkSteps) {
        if (!judge_step(input, step, answer)) {
            break;
        }
    }
    const bool is_all_ok = answer.accusations.empty() && !answer.standing;
    return is_all_ok ? judge_success(input, compare_with_baseline(input)) : answer;
}

}  // namespace dearth::harness
