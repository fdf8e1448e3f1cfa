// Facts about the target, written into the trial's slot of the control page while they happen, so
// that a killed process still testifies. Without a slot, misuse is reported on standard error.
// Lock-free; may run inside any request and inside a signal handler.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/control_page.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

/// The slot this process's facts go to; nullptr: none. The slot outlives its use here.
void attach_slot(dearth_trial_slot* slot) noexcept;
dearth_trial_slot* current_slot() noexcept;

/// Adds what a layer knows about the block of a misuse another layer found: serial, size, stacks,
/// place. Only fields that are still zero. Called without any lock held.
struct MisuseDescriber {
    void* ctx;
    void (*describe)(void* ctx, dearth_misuse& misuse);
};

/// `describer` is copied; nullptr removes it.
void set_misuse_describer(const MisuseDescriber* describer) noexcept;
void set_aborts_on_misuse(bool aborts) noexcept;

/// Completes the misuse (phase, op, detecting stack, description), counts it, keeps it in the slot
/// if it is among the first DEARTH_MISUSES_MAX, or prints it when there is no slot; then aborts if
/// so configured. Kind, domains, address and what was measured are the caller's.
void report_misuse(dearth_misuse& misuse) noexcept;

/// Counts a misuse that a fault uncovered and keeps it in the slot, with phase, but without a
/// detecting stack: that is for the signal handler to add to what is returned, as its last deed.
/// nullptr: no slot, or no room in it. Async-signal-safe.
dearth_misuse* record_fault(const dearth_misuse& misuse) noexcept;

/// Counts such a misuse, whose detecting stack is known, and prints it: for a process without a
/// slot.
void print_fault(dearth_misuse& misuse) noexcept;

/// Misuses reported by this process since the last reset.
uint64_t reported_misuses() noexcept;
void reset_reported_misuses() noexcept;

/// Phase that reports carry; the fault layer keeps it.
void set_reported_phase(uint32_t phase) noexcept;

/// A stack in the form of the control page. The first overload of an id that is 0 gives depth 0.
void fill_stack(dearth_stack& stack, StackId id) noexcept;
void fill_stack(dearth_stack& stack, void* const* frames, size_t depth, bool is_exact) noexcept;

}  // namespace dearth::hooks
