// End of the process for a broken invariant of our own: never for a defect of the target. Says
// so on standard error and, if one is attached, in the trial's slot, so that nobody takes our bug
// for the target's.
#pragma once

namespace dearth::hooks {

[[noreturn]] void die(const char* what) noexcept;

/// Called by die with its text before the abort; set by whoever owns the slot.
void set_die_recorder(void (*recorder)(const char* what)) noexcept;

}  // namespace dearth::hooks
