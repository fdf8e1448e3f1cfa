// Call stacks of the calling thread, as raw return addresses, innermost first. Uses libunwind's
// unw_backtrace where it is installed, else libc's backtrace. libunwind is opened privately at
// run time: linking it would take over the C++ unwinder of the program under test.
#pragma once

#include <stddef.h>

namespace dearth::hooks {

/// Where stacks come from. Values are those of dearth_control_header.stack_source.
enum class StackSource : unsigned { kNone = 0, kLibunwind = 1, kLibc = 2 };

/// Frames of our own, above the caller's, that a capture may have to skip.
inline constexpr size_t kOwnFramesMax = 16;

/// Loads and warms the unwinder; allocates (through the loader), so it runs before faults are
/// armed. Further calls do nothing. Returns where stacks will come from.
StackSource call_stack_prepare() noexcept;
StackSource call_stack_source() noexcept;

/// Fills `frames` with at most `max_frames` return addresses and returns how many. Frames inside
/// `first_caller` (a return address into the code that called us) are left out; when it is not on
/// the stack, or nullptr, all frames but capture's own stay. Never allocates once prepared; before
/// that, 0. errno is kept. Async-signal-safe as far as unw_backtrace is.
size_t capture(void** frames, size_t max_frames, const void* first_caller) noexcept;

/// The same from a signal handler: `ucontext` is its third argument, frames[0] the faulting
/// instruction itself.
size_t capture_from_signal(void** frames, size_t max_frames, const void* ucontext) noexcept;

}  // namespace dearth::hooks
