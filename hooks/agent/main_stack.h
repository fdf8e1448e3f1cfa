// Where the stack of the process's first thread lies, and how far down the kernel lets it grow.
#pragma once

#include <stdint.h>

namespace dearth::hooks {

struct StackRange {
    uintptr_t low;
    uintptr_t high;
};

// Call on that thread. Both 0 when /proc cannot be read. Never allocates; pthread_getattr_np would.
StackRange main_stack_range();

}  // namespace dearth::hooks
