// Misuse into the slot, or onto standard error; see the header.
#include "hooks/record/page_writer.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hooks/base/die.h"
#include "hooks/base/errno_saver.h"
#include "hooks/base/raw_output.h"
#include "hooks/base/reentrancy_guard.h"
#include "hooks/record/call_stack.h"
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

const char* misuse_name(uint32_t kind) noexcept {
    switch (kind) {
        case DEARTH_MISUSE_OVERFLOW:
            return "overflow";
        case DEARTH_MISUSE_UNDERFLOW:
            return "underflow";
        case DEARTH_MISUSE_USE_AFTER_FREE:
            return "use after free";
        case DEARTH_MISUSE_DOUBLE_FREE:
            return "double free";
        case DEARTH_MISUSE_INVALID_FREE:
            return "invalid free";
        case DEARTH_MISUSE_MISMATCHED_FREE:
            return "mismatched free";
        case DEARTH_MISUSE_WRONG_DOMAIN:
            return "wrong domain";
        default:
            return "misuse";
    }
}

const char* domain_word(uint32_t domain) noexcept {
    const char* name = dearth_domain_name(domain);
    return name == nullptr ? "?" : name;
}

void print_frames(RawOutput& output, const char* title, void* const* frames,
                  size_t depth) noexcept {
    if (depth == 0) {
        return;
    }
    output.text("  ").text(title).text(":\n");
    for (size_t index = 0; index < depth; ++index) {
        const char* module = module_name_at(frames[index]);
        output.text("    #").decimal(index).text(" ");
        if (module == nullptr) {
            output.hex(reinterpret_cast<uint64_t>(frames[index]));
        } else {
            output.text(module).text("+").hex(module_place_at(frames[index]).offset);
        }
        Dl_info info = {};
        if (dladdr(static_cast<const char*>(frames[index]) - 1, &info) != 0 &&
            info.dli_sname != nullptr) {
            output.text(" ").text(info.dli_sname);
        }
        output.text("\n");
    }
}

void print_summary(RawOutput& output, const dearth_misuse& misuse) noexcept {
    output.text("dearth: ").text(misuse_name(misuse.kind)).text(": block ").hex(misuse.address);
    output.text(" in domain ").text(domain_word(misuse.domain));
    if (misuse.op < DEARTH_OP_COUNT) {
        output.text(", found by ").text(dearth_op_name(misuse.op));
    }
    output.text("\n");
    if (misuse.kind == DEARTH_MISUSE_WRONG_DOMAIN) {
        output.text("  made in domain ").text(domain_word(misuse.block_domain)).text("\n");
    }
    if (misuse.kind == DEARTH_MISUSE_MISMATCHED_FREE) {
        output.text("  caller says ").decimal(misuse.told_size_bytes).text(" bytes\n");
    }
    if (misuse.changed_bytes != 0) {
        const bool is_behind = misuse.kind == DEARTH_MISUSE_OVERFLOW;
        output.text("  ").decimal(misuse.changed_bytes).text(" bytes changed, the first at ");
        output.signed_decimal(misuse.distance_bytes);
        output.text(is_behind ? " from the block's end\n" : " from the block's start\n");
    }
    if (misuse.serial != 0 || misuse.block_size_bytes != 0) {
        output.text("  asked for ").decimal(misuse.block_size_bytes).text(" bytes");
        output.text(" by request ").decimal(misuse.serial);
        output.text(misuse.place[0] != '\0' ? " at " : "").text(misuse.place).text("\n");
    }
}

// The frames of a filled stack are in the page's form; a report for people starts from raw ones.
size_t decode_frames(const dearth_stack& stack, void** frames) noexcept {
    size_t depth = 0;
    for (; depth < stack.depth && depth < DEARTH_FRAMES_MAX; ++depth) {
        frames[depth] = decode_frame(stack.frames[depth]);
    }
    return depth;
}

void print_misuse(const dearth_misuse& misuse) noexcept {
    RawOutput output;
    void* frames[DEARTH_FRAMES_MAX];
    print_summary(output, misuse);
    print_frames(output, "detected", frames, decode_frames(misuse.detected, frames));
    print_frames(output, "allocated", frames, decode_frames(misuse.allocated, frames));
    print_frames(output, "freed", frames, decode_frames(misuse.freed, frames));
    output.write_to(STDERR_FILENO);
}

void keep_misuse(dearth_trial_slot& slot, const dearth_misuse& misuse) noexcept {
    const uint32_t index = __atomic_fetch_add(&slot.misuse_count, 1, __ATOMIC_ACQ_REL);
    if (index < DEARTH_MISUSES_MAX) {
        slot.misuses[index] = misuse;
    }
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
