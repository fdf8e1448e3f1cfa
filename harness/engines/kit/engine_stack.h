// Runs a target on a stack of its own, at an address that does not change from run to run.
//
// Why: interpreters take stack addresses as random seeds (Lua's string hash does), and the main
// stack moves with the size of environment and arguments, so the same script would make other
// requests under a debugger than under the sweep. And a stack of known bounds tells a stack
// overflow from any other crash.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

struct StackBounds {
    uintptr_t low;
    uintptr_t high;
};

// Calls `body` on a fresh stack of `stack_bytes` (at least 64 KiB) with an unreadable page below,
// and returns after it does. Under a sanitizer, or when no stack can be mapped, `body` runs on the
// caller's stack. Once per process.
void run_on_engine_stack(size_t stack_bytes, void (*body)(void* ctx, const StackBounds& bounds),
                         void* ctx);

}  // namespace dearth::hooks
