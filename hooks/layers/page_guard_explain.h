// From the address of a fault to the block that was misused. For signal handlers: no lock, no
// memory, no call into libc but memory copies.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/control_page.h"
#include "hooks/layers/page_guard_pool.h"

namespace dearth::hooks {

/// True: the address is one of the page guard's closed pages, and `misuse` says which block it
/// belongs to: kind (overflow, underflow, use after free), block, domains, size, serial, source
/// place, the stacks that made and freed it, and distance_bytes: from the block's end where the
/// kind is overflow, else from its start. Access and detecting stack are the caller's to add.
/// Between two blocks the nearer one is meant; a live one before a freed one at equal distance.
bool page_guard_explain(uintptr_t address, dearth_misuse& misuse) noexcept;

/// The first closed byte among the `count` from `start` on, which lies in the pool; 0: all of them
/// are open, as far as the slot where they begin goes. For ranges that the kernel is to touch: it
/// answers with an error where the program itself would fault.
uintptr_t page_guard_closed_byte(uintptr_t start, size_t count) noexcept;

/// Whether that question needs to be asked.
inline bool page_guard_may_hold(const void* address) noexcept {
    return page_pool.contains(reinterpret_cast<uintptr_t>(address));
}

}  // namespace dearth::hooks
