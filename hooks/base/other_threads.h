// The process's other threads as the kernel shows them: where their stacks stand. They run on
// meanwhile; nothing of theirs is stopped or signalled.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

struct OtherThread {
    uintptr_t stack_pointer;  ///< 0: it runs, or may not be looked at
    uint64_t arguments[6];    ///< of the system call that it waits in
    size_t argument_count;    ///< 0 or 6
};

/// Calls `visit` for every thread but the caller. False: they cannot be listed. errno is kept.
bool for_each_other_thread(void* ctx, void (*visit)(void* ctx, const OtherThread& thread)) noexcept;

}  // namespace dearth::hooks
