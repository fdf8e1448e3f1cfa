// Judging apart from catching: a pure function of address and records; see the header.
#include "hooks/layers/page_guard_explain.h"

#include "hooks/layers/page_guard_report.h"

namespace dearth::hooks {

namespace {

bool has_block(const GuardedSlot* slot) noexcept {
    return slot != nullptr && slot->state() != SlotState::kNew &&
           slot->state() != SlotState::kStock;
}

bool is_alive(const GuardedSlot& slot) noexcept {
    return slot.state() == SlotState::kLive || slot.state() == SlotState::kBusy;
}

// From the block to the address; 0: it lies within.
uint64_t gap_of(const GuardedSlot& slot, uintptr_t address) noexcept {
    const uint64_t end = slot.address + slot.size_bytes;
    if (address < slot.address) {
        return slot.address - address;
    }
    return address < end ? 0 : address - end + 1;
}

const GuardedSlot* nearer_of(const GuardedSlot* one, const GuardedSlot* other,
                             uintptr_t address) noexcept {
    if (!has_block(one) || !has_block(other)) {
        return has_block(one) ? one : has_block(other) ? other : nullptr;
    }
    const uint64_t gap = gap_of(*one, address);
    const uint64_t other_gap = gap_of(*other, address);
    const bool is_other = gap == other_gap ? !is_alive(*one) && is_alive(*other) : other_gap < gap;
    return is_other ? other : one;
}

}  // namespace

bool page_guard_explain(uintptr_t address, dearth_misuse& misuse) noexcept {
    if (!page_pool.contains(address)) {
        return false;
    }
    const GuardedSlot* slot = page_pool.find(address);
    // In front of the first slot there is a closed granule that belongs to none.
    const GuardedSlot* behind =
        slot == nullptr ? page_pool.find(address + kGranuleBytes) : page_pool.slot_behind(*slot);
    const GuardedSlot* before =
        slot == nullptr ? page_pool.find(address - kGranuleBytes) : page_pool.slot_before(*slot);
    const GuardedSlot* nearest = nearer_of(nearer_of(slot, behind, address), before, address);
    // A live block's own pages are open: whatever faulted there, it was not us.
    if (nearest == nullptr || (is_alive(*nearest) && gap_of(*nearest, address) == 0)) {
        return false;
    }
    misuse = {};
    page_guard_describe(*nearest, misuse);
    misuse.domain = nearest->domain;
    const uint64_t end = nearest->address + nearest->size_bytes;
    const bool is_behind = address >= end;
    if (!is_alive(*nearest)) {
        misuse.kind = DEARTH_MISUSE_USE_AFTER_FREE;
    } else {
        misuse.kind = is_behind ? DEARTH_MISUSE_OVERFLOW : DEARTH_MISUSE_UNDERFLOW;
    }
    misuse.distance_bytes = static_cast<int64_t>(
        address - (misuse.kind == DEARTH_MISUSE_OVERFLOW ? end : nearest->address));
    return true;
}

uintptr_t page_guard_closed_byte(uintptr_t start, size_t count) noexcept {
    if (count == 0) {
        return 0;
    }
    const GuardedSlot* slot = page_pool.find(start);
    if (!has_block(slot) || !is_alive(*slot)) {
        return start;
    }
    const uintptr_t open_start = slot->address & ~(uintptr_t{kPageBytes} - 1);
    const uintptr_t open_end = open_start + slot->open_pages * kPageBytes;
    if (start < open_start || start >= open_end) {
        return start;
    }
    return count <= open_end - start ? 0 : open_end;
}

}  // namespace dearth::hooks
