// Success is held against the baseline's output, or against the scenario's pattern.
#include "harness/oracle/success_judgement.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/oracle/slot_text.h"

namespace dearth::harness {
namespace {

using Form = AcceptableOutcome::Form;

bool accepts_ok(const Scenario& scenario) {
    const auto& outcomes = scenario.expect.outcomes;
    return std::any_of(outcomes.begin(), outcomes.end(), [&](const AcceptableOutcome& outcome) {
        return outcome.form == Form::kOk ||
               (outcome.form == Form::kExit && outcome.code == scenario.expect.baseline_exit);
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

}  // namespace

OracleAnswer judge_success(const OracleInput& input, const OutputDifference& difference) {
    const Expectation& expect = input.scenario.expect;
    const bool has_failures = injects_failures(input.scenario, input.record);
    if (!accepts_ok(input.scenario) && has_failures) {
        return OracleAnswer::accuses(Verdict::kUnreported,
                                     "ended ok, the scenario demands an error");
    }
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

}  // namespace dearth::harness
