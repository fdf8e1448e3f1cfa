// The same work once more without faults, in the same interpreter (AGAIN) and in a new one of the
// same process (FRESH): status, error kind and output must be the baseline's for that step. AGAIN
// may also answer as the baseline's first run did: a failed first run has left nothing behind.
#include <fmt/format.h>

#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"
#include "harness/oracle/step_output.h"

namespace dearth::harness {
namespace {

struct Comparison {
    Sameness sameness = Sameness::kUnknown;
    std::string detail;  // how it differs
};

Comparison compare_step(const OracleInput& input, dearth_step step, dearth_step baseline_step) {
    const dearth_step_result& trial = input.record.slot.steps[step];
    const dearth_step_result& baseline = input.baseline.slot.steps[baseline_step];
    if (trial.status != baseline.status) {
        const std::string got = trial.status == DEARTH_STATUS_OK ? "ended ok"
                                : trial.status == DEARTH_STATUS_ERROR_UNSET
                                    ? "returned an error with no error set"
                                    : "failed with " + error_words(trial);
        return {Sameness::kDifferent, got};
    }
    if (slot_text(trial.kind) != slot_text(baseline.kind)) {
        return {Sameness::kDifferent, fmt::format("failed with {} instead of {}",
                                                  error_words(trial), error_words(baseline))};
    }
    const StepOutput trial_output = step_output(input.record.out, trial);
    const StepOutput baseline_output = step_output(input.baseline.out, baseline);
    const Sameness sameness = compare_output(trial_output, baseline_output);
    return {sameness, sameness == Sameness::kDifferent
                          ? "another output: " + difference_words(trial_output, baseline_output)
                          : "the recorded output does not fit what was kept of it"};
}

void judge_check(const OracleInput& input, dearth_step step, OracleAnswer& answer) {
    const dearth_step_result& result = input.record.slot.steps[step];
    const std::string_view when = step_words(step);
    if (result.status == DEARTH_STATUS_NONE || result.status >= DEARTH_STATUS_STARTED) {
        answer.standing =
            Standing{Verdict::kInconclusive, fmt::format("the check has no result {}", when)};
        return;
    }
    const bool has_same_step = input.baseline.slot.steps[step].status != DEARTH_STATUS_NONE;
    Comparison first = compare_step(input, step, has_same_step ? step : DEARTH_STEP_RUN);
    if (first.sameness != Sameness::kSame && step == DEARTH_STEP_AGAIN && has_same_step) {
        if (compare_step(input, step, DEARTH_STEP_RUN).sameness == Sameness::kSame) {
            return;
        }
    }
    if (first.sameness == Sameness::kDifferent) {
        answer.accusations.push_back(
            {Verdict::kBrokenAfter, fmt::format("{} {}", first.detail, when), {}, {}, {}});
    } else if (first.sameness == Sameness::kUnknown) {
        answer.standing = Standing{Verdict::kInconclusive, first.detail};
    }
}

}  // namespace

OracleAnswer after_oracle(const OracleInput& input) {
    const dearth_trial_slot& slot = input.record.slot;
    OracleAnswer answer;
    if (slot.end != DEARTH_END_FINISHED) {
        return answer;
    }
    // Without an interpreter there is none to use again.
    const bool was_open = slot.steps[DEARTH_STEP_OPEN].status == DEARTH_STATUS_OK;
    if (input.scenario.expect.needs_reusable && was_open) {
        judge_check(input, DEARTH_STEP_AGAIN, answer);
    }
    if (input.scenario.expect.needs_restartable) {
        judge_check(input, DEARTH_STEP_FRESH, answer);
    }
    return answer;
}

}  // namespace dearth::harness
