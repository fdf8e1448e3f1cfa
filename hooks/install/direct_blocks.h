// Blocks that came straight from the C library and are alive: those made before the layers stood,
// and those made inside another request. Their frees and reallocs must go straight back; any other
// pointer that the layers do not know is a misuse, and must not hide behind these. Threads: one
// lock, skipped while the process has one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

/// Lowest and highest address ever added; nothing was while low > high.
struct DirectBounds {
    uintptr_t low;
    uintptr_t high;
};
inline constinit DirectBounds direct_bounds = {UINTPTR_MAX, 0};

/// Cheap, and right for nearly every block of a program that has run for a while: false means that
/// `block` is none of them.
inline bool may_be_direct(const void* block) noexcept {
    const auto address = reinterpret_cast<uintptr_t>(block);
    return address >= __atomic_load_n(&direct_bounds.low, __ATOMIC_RELAXED) &&
           address <= __atomic_load_n(&direct_bounds.high, __ATOMIC_RELAXED);
}

/// Remembers a block; NULL is nothing. False when there are no pages for it: its free would be
/// taken for a misuse.
bool add_direct_block(void* block) noexcept;

bool is_direct_block(const void* block) noexcept;

/// False: it was none.
bool remove_direct_block(void* block) noexcept;

/// Forgets all of them and gives their memory back.
void clear_direct_blocks() noexcept;

/// Has fork wait for the table. May allocate, through libc.
void prepare_direct_blocks_for_fork() noexcept;

}  // namespace dearth::hooks
