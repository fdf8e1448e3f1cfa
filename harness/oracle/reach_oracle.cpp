// Was anything injected, and can the record be read at all? Everything else is judged only when
// both hold, so that a trial that tested nothing never counts.
#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"

namespace dearth::harness {

OracleAnswer OracleAnswer::stands(Verdict verdict, std::string detail) {
    OracleAnswer answer;
    answer.standing = Standing{verdict, std::move(detail)};
    return answer;
}

OracleAnswer OracleAnswer::accuses(Verdict verdict, std::string detail) {
    OracleAnswer answer;
    answer.accusations.push_back({verdict, std::move(detail), {}, {}, {}});
    return answer;
}

OracleAnswer reach_oracle(const OracleInput& input) {
    const dearth_trial_slot& slot = input.record.slot;
    if (!input.record.page_was_valid) {
        return OracleAnswer::stands(Verdict::kInconclusive,
                                    "what the target wrote could not be read back");
    }
    if (slot.end == DEARTH_END_NONE) {
        return OracleAnswer::stands(Verdict::kInconclusive, "how the trial ended is not known");
    }
    if (slot.end > DEARTH_END_INTERNAL) {
        return OracleAnswer::stands(Verdict::kInconclusive,
                                    fmt::format("the record makes no sense: end {}", slot.end));
    }
    if (slot.end == DEARTH_END_INTERNAL) {
        return OracleAnswer::stands(
            Verdict::kInconclusive,
            "dearth could not go on in the target: " + quoted(slot_text(slot.note)));
    }
    // A request without bounds fails in the baseline too; and misuse is misuse, whatever led there.
    if (slot.exhausted > input.baseline.slot.exhausted && slot.misuse_count == 0) {
        return OracleAnswer::stands(
            Verdict::kInconclusive,
            fmt::format(
                "memory was really exhausted: {} failed that dearth let pass (limits.memory, "
                "ulimit -v, or the machine's own memory)",
                plural(slot.exhausted - input.baseline.slot.exhausted, "request")));
    }
    if (slot.injected_count != 0) {
        return OracleAnswer::nothing();
    }
    if (slot.end != DEARTH_END_FINISHED) {
        return OracleAnswer::stands(
            Verdict::kInconclusive,
            fmt::format("ended{} {} before anything was injected",
                        slot.end == DEARTH_END_SIGNALED ? " by " + signal_words(slot.end_code) : "",
                        step_words(step_at_end(slot))));
    }
    return OracleAnswer::stands(Verdict::kNotReached, "no request was made to fail");
}

}  // namespace dearth::harness
