// What is mapped in this process, read from /proc/self/maps with plain system calls: no memory, no
// lock of the loader's, so also late in exit, in a signal handler and in a raw clone.
#pragma once

#include <stdint.h>

namespace dearth::hooks {

struct Mapping {
    uintptr_t low;
    uintptr_t high;
    bool is_readable;
    bool is_writable;
    bool is_shared;
    bool is_file;   ///< has a file behind it
    bool is_heap;   ///< the heap that brk moves
    bool is_stack;  ///< the first thread's stack
};

/// Calls `visit` for each mapping, lowest first, until it returns false. What other threads map
/// meanwhile may be missed. False: the list cannot be read. errno is kept.
bool for_each_mapping(void* ctx, bool (*visit)(void* ctx, const Mapping& mapping)) noexcept;

}  // namespace dearth::hooks
