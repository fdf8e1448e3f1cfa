// Blocks alive after the trial's last step that the baseline does not leave. Judged only when the
// trial went through close, or when open failed: then there was nothing to close and the caller
// has no handle to give the blocks back with. A trial that died owes nothing. A whole program owes
// only what is lost: blocks that it can still reach it may leave to the system.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.h"
#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"

namespace dearth::harness {
namespace {

bool went_through_close(const dearth_trial_slot& slot) {
    const auto was_left = [&slot](dearth_step step) {
        const uint32_t status = slot.steps[step].status;
        return status == DEARTH_STATUS_OK || status == DEARTH_STATUS_ERROR ||
               status == DEARTH_STATUS_ERROR_UNSET;
    };
    const bool failed_to_open =
        was_left(DEARTH_STEP_OPEN) && slot.steps[DEARTH_STEP_OPEN].status != DEARTH_STATUS_OK;
    return slot.end == DEARTH_END_FINISHED && (was_left(DEARTH_STEP_CLOSE) || failed_to_open);
}

std::string amount_text(uint64_t blocks, uint64_t bytes) {
    return fmt::format("{} ({})", plural(blocks, "block"), plural(bytes, "byte"));
}

std::string sites_text(const dearth_trial_slot& slot) {
    return plural(std::max<uint32_t>(slot.leak_site_count, 1), "call site");
}

OracleAnswer accuse(const dearth_trial_slot& slot, std::string detail) {
    OracleAnswer answer = OracleAnswer::accuses(Verdict::kLeak, std::move(detail));
    const uint32_t kept = std::min<uint32_t>(slot.leak_site_count, DEARTH_LEAK_SITES_MAX);
    if (kept != 0) {
        // One accusation a trial: the sites of one lost structure have one cause. The largest
        // leads; on a tie the first.
        const dearth_leak_site* lead =
            std::max_element(slot.leaks, slot.leaks + kept,
                             [](const dearth_leak_site& a, const dearth_leak_site& b) {
                                 return a.lost_bytes != b.lost_bytes ? a.lost_bytes < b.lost_bytes
                                                                     : a.bytes < b.bytes;
                             });
        answer.accusations[0].allocated = lead->allocated;
    }
    return answer;
}

OracleAnswer judge_program(const dearth_trial_slot& slot) {
    if (slot.reachability != DEARTH_REACHABILITY_KNOWN) {
        return OracleAnswer::stands(
            Verdict::kInconclusive,
            fmt::format("{} that the baseline does not leave, from {}; whether they are lost or "
                        "still reachable could not be found out",
                        amount_text(slot.leak_blocks, slot.leak_bytes), sites_text(slot)));
    }
    if (slot.lost_blocks == 0) {
        return OracleAnswer::nothing();
    }
    std::string detail =
        fmt::format("{} lost: no pointer to them is left, the baseline does not lose them",
                    amount_text(slot.lost_blocks, slot.lost_bytes));
    if (slot.leak_blocks > slot.lost_blocks && slot.leak_bytes >= slot.lost_bytes) {
        detail += fmt::format(
            "; {} more still reachable",
            amount_text(slot.leak_blocks - slot.lost_blocks, slot.leak_bytes - slot.lost_bytes));
    }
    return accuse(slot, detail + "; from " + sites_text(slot));
}

}  // namespace

OracleAnswer leak_oracle(const OracleInput& input) {
    const dearth_trial_slot& slot = input.record.slot;
    if (!input.scenario.expect.needs_no_leak || slot.leak_blocks == 0 ||
        !went_through_close(slot)) {
        return OracleAnswer::nothing();
    }
    if (input.scenario.target.engine == Engine::kExec) {
        return judge_program(slot);
    }
    return accuse(slot,
                  fmt::format("{} that the baseline does not leave, from {}",
                              amount_text(slot.leak_blocks, slot.leak_bytes), sites_text(slot)));
}

}  // namespace dearth::harness
