// What open, run and close reported: errors against the scenario, success against the baseline's
// output. Looks only at trials that went through every step.
#include <fmt/format.h>

#include <algorithm>

#include "harness/oracle/error_acceptance.h"
#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"
#include "harness/oracle/step_output.h"

namespace dearth::harness {
namespace {

using Form = AcceptableOutcome::Form;

constexpr dearth_step kWorkSteps[] = {DEARTH_STEP_OPEN, DEARTH_STEP_RUN, DEARTH_STEP_CLOSE};

void cannot_tell(OracleAnswer& answer, std::string why) {
    answer.standing = Standing{Verdict::kInconclusive, std::move(why)};
}

bool accepts_ok(const Scenario& scenario) {
    const auto& outcomes = scenario.expect.outcomes;
    return std::any_of(outcomes.begin(), outcomes.end(), [](const AcceptableOutcome& outcome) {
        return outcome.form == Form::kOk || (outcome.form == Form::kExit && outcome.code == 0);
    });
}

// `expect.output` replaces the comparison with the baseline: its author has said what may be
// printed, a caught error's text for instance.
OracleAnswer judge_by_pattern(const OracleInput& input, Sameness sameness) {
    const TextMatcher& matcher = *input.matchers.output;
    const StepOutput output =
        step_output(input.record.out, input.record.slot.steps[DEARTH_STEP_RUN]);
    const bool is_cut = output.text.size() < output.total_bytes;
    const std::optional<bool> matches = output.is_valid ? matcher.is_in(output.text) : std::nullopt;
    if (!matches || (!*matches && is_cut)) {
        return OracleAnswer::stands(Verdict::kInconclusive,
                                    matcher.problem().empty()
                                        ? "the output cannot be held against " + matcher.text()
                                        : matcher.problem());
    }
    if (!*matches) {
        return OracleAnswer::accuses(Verdict::kUnreported,
                                     fmt::format("ended ok, but printed {}, expected {}",
                                                 quoted(output.text, 80), matcher.text()));
    }
    return sameness == Sameness::kSame
               ? OracleAnswer::stands(Verdict::kUnaffected, "same output as the baseline")
               : OracleAnswer::stands(Verdict::kHandled, "the output is one the scenario accepts");
}

struct OutputDifference {
    Sameness sameness = Sameness::kSame;
    std::string detail;
};

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

OracleAnswer judge_success(const OracleInput& input) {
    const Expectation& expect = input.scenario.expect;
    const bool has_failures = injects_failures(input.scenario, input.record);
    if (!accepts_ok(input.scenario) && has_failures) {
        return OracleAnswer::accuses(Verdict::kUnreported,
                                     "ended ok, the scenario demands an error");
    }
    const OutputDifference difference = compare_with_baseline(input);
    OracleAnswer answer;
    if (input.matchers.output) {
        answer = judge_by_pattern(input, difference.sameness);
    } else if (difference.sameness == Sameness::kUnknown) {
        return OracleAnswer::stands(Verdict::kInconclusive, difference.detail);
    } else if (difference.sameness == Sameness::kSame) {
        answer = OracleAnswer::stands(Verdict::kUnaffected, "same output as the baseline");
    } else if (expect.needs_same_output) {
        return OracleAnswer::accuses(Verdict::kUnreported, "ended ok with " + difference.detail +
                                                               error_stream_words(input.record));
    } else {
        answer = OracleAnswer::stands(Verdict::kHandled,
                                      "ended ok with another output, which the scenario accepts");
    }
    const bool is_absorbed =
        answer.standing && answer.standing->verdict == Verdict::kUnaffected && has_failures;
    if (expect.needs_report && is_absorbed) {
        return OracleAnswer::accuses(
            Verdict::kUnreported, "ended as if nothing had failed, the scenario demands a report");
    }
    return answer;
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
    if (input.record.slot.end != DEARTH_END_FINISHED) {
        return OracleAnswer::nothing();
    }
    OracleAnswer answer;
    for (const dearth_step step : kWorkSteps) {
        if (!judge_step(input, step, answer)) {
            break;
        }
    }
    const bool is_all_ok = answer.accusations.empty() && !answer.standing;
    return is_all_ok ? judge_success(input) : answer;
}

}  // namespace dearth::harness
