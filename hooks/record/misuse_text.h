// Misuse and fatal signals as text on standard error, for people who run a program without a
// harness: what, where, how far, the bytes, the thread, the call stacks. Async-signal-safe but for
// dladdr, which only reads the loader's lists.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/control_page.h"

namespace dearth::hooks {

void print_misuse(const dearth_misuse& misuse) noexcept;

/// What one call site leaves behind: its lost blocks, or else those that are still reachable.
void print_leak(const dearth_leak_site& leak) noexcept;

/// A fatal signal that no block explains; frames[0] is the faulting instruction.
void print_signal(int signal_number, uint64_t address, void* const* frames, size_t depth) noexcept;

}  // namespace dearth::hooks
