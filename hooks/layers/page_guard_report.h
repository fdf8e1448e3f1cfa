// What the page guard has to say about a block: damaged guard bytes and wrong pointers. Reports
// are made without the pool's lock, but for a sweep's, which holds it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/layers/page_guard_pool.h"

namespace dearth::hooks {

/// Fills in what the slot's record knows about its block.
void page_guard_describe(const GuardedSlot& slot, dearth_misuse& misuse) noexcept;

/// Guard bytes of a live block, from the end of its open pages to the block on either side. Damage
/// is reported and mended. True: there is none.
bool page_guard_check_slack(const GuardedSlot& slot, unsigned char forbidden) noexcept;

/// A pointer into the pool that was freed or resized, and is no live block of the domain.
void page_guard_report_wrong_pointer(uintptr_t address, uint32_t domain) noexcept;

}  // namespace dearth::hooks
