// Misuse into the slot, or onto standard error; see the header.
#include "hooks/record/page_writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hooks/base/die.h"
#include "hooks/base/errno_saver.h"
#include "hooks/base/raw_output.h"
#include "hooks/base/reentrancy_guard.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/misuse_text.h"
#include "hooks/record/module_table.h"
#include "hooks/record/stack_depot.h"

namespace dearth::hooks {

namespace {

constinit dearth_trial_slot* attached_slot = nullptr;
constinit MisuseDescriber misuse_describer = {};
constinit bool is_aborting = false;
constinit uint64_t misuses = 0;
constinit uint32_t reported_phase = DEARTH_PHASE_OPEN;

void record_internal_error(const char* what) noexcept {
    dearth_trial_slot* slot = current_slot();
    if (slot != nullptr) {
        slot->end = DEARTH_END_INTERNAL;
        copy_text(slot->note, sizeof(slot->note), what);
    }
}

dearth_misuse* keep_misuse(dearth_trial_slot& slot, const dearth_misuse& misuse) noexcept {
    const uint32_t index = __atomic_fetch_add(&slot.misuse_count, 1, __ATOMIC_ACQ_REL);
    if (index >= DEARTH_MISUSES_MAX) {
        return nullptr;
    }
    slot.misuses[index] = misuse;
    return &slot.misuses[index];
}

}  // namespace

void attach_slot(dearth_trial_slot* slot) noexcept {
    set_die_recorder(record_internal_error);
    __atomic_store_n(&attached_slot, slot, __ATOMIC_RELEASE);
}

dearth_trial_slot* current_slot() noexcept {
    return __atomic_load_n(&attached_slot, __ATOMIC_ACQUIRE);
}

void set_misuse_describer(const MisuseDescriber* describer) noexcept {
    misuse_describer = describer == nullptr ? MisuseDescriber{} : *describer;
}

void set_aborts_on_misuse(bool aborts) noexcept {
    is_aborting = aborts;
}

void report_misuse(dearth_misuse& misuse) noexcept {
    ErrnoSaver saver;
    ReentrancyGuard guard;
    misuse.op = request_context.op;
    misuse.thread = request_context.thread;
    misuse.phase = __atomic_load_n(&reported_phase, __ATOMIC_RELAXED);
    void* frames[DEARTH_FRAMES_MAX];
    const size_t depth = capture(frames, DEARTH_FRAMES_MAX, request_context.caller);
    fill_stack(misuse.detected, frames, depth, false);
    if (misuse_describer.describe != nullptr) {
        misuse_describer.describe(misuse_describer.ctx, misuse);
    }
    __atomic_add_fetch(&misuses, 1, __ATOMIC_RELAXED);
    dearth_trial_slot* slot = current_slot();
    if (slot != nullptr) {
        keep_misuse(*slot, misuse);
    } else {
        print_misuse(misuse);
    }
    if (is_aborting) {
        abort();
    }
}

dearth_misuse* record_fault(const dearth_misuse& misuse) noexcept {
    __atomic_add_fetch(&misuses, 1, __ATOMIC_RELAXED);
    dearth_trial_slot* slot = current_slot();
    dearth_misuse* kept = slot == nullptr ? nullptr : keep_misuse(*slot, misuse);
    if (kept != nullptr) {
        kept->op = DEARTH_OP_COUNT;
        kept->thread = request_context.thread;
        kept->phase = __atomic_load_n(&reported_phase, __ATOMIC_RELAXED);
    }
    return kept;
}

void print_fault(dearth_misuse& misuse) noexcept {
    __atomic_add_fetch(&misuses, 1, __ATOMIC_RELAXED);
    misuse.op = DEARTH_OP_COUNT;
    misuse.thread = request_context.thread;
    print_misuse(misuse);
}

uint64_t reported_misuses() noexcept {
    return __atomic_load_n(&misuses, __ATOMIC_RELAXED);
}

void reset_reported_misuses() noexcept {
    __atomic_store_n(&misuses, 0, __ATOMIC_RELAXED);
}

void set_reported_phase(uint32_t phase) noexcept {
    __atomic_store_n(&reported_phase, phase, __ATOMIC_RELAXED);
}

void fill_stack(dearth_stack& stack, StackId id) noexcept {
    void* const* frames = nullptr;
    const size_t depth = stack_frames(id, &frames);
    fill_stack(stack, frames, depth, false);
}

void fill_stack(dearth_stack& stack, void* const* frames, size_t depth, bool is_exact) noexcept {
    memset(&stack, 0, sizeof(stack));
    constexpr size_t kFramesMax = DEARTH_FRAMES_MAX;
    stack.depth = static_cast<uint32_t>(depth < kFramesMax ? depth : kFramesMax);
    stack.is_exact = is_exact ? 1 : 0;
    stack.site = frames_site(frames, stack.depth);
    for (uint32_t index = 0; index < stack.depth; ++index) {
        stack.frames[index] = encode_frame(frames[index]);
    }
}

}  // namespace dearth::hooks
