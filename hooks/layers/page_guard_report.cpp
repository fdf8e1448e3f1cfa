// Judging bytes and pointers; see the header.
#include "hooks/layers/page_guard_report.h"

#include <string.h>

#include "hooks/layers/block_layout.h"
#include "hooks/layers/place_table.h"
#include "hooks/layers/shown_bytes.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

unsigned char* bytes_at(uintptr_t address) noexcept {
    return reinterpret_cast<unsigned char*>(address);
}

bool was_freed(SlotState state) noexcept {
    return state == SlotState::kHeld || state == SlotState::kWaiting || state == SlotState::kLost;
}

// Most of a page, at every free. Equal to itself shifted by one: all bytes are the first one. The C
// library compares faster than any loop here.
bool is_page_part_intact(const unsigned char* bytes, size_t count,
                         unsigned char expected) noexcept {
    return count == 0 || (bytes[0] == expected && memcmp(bytes, bytes + 1, count - 1) == 0);
}

bool check_side(const GuardedSlot& slot, uintptr_t start, uintptr_t end, uint32_t kind,
                unsigned char forbidden) noexcept {
    const bool is_front = kind == DEARTH_MISUSE_UNDERFLOW;
    if (start >= end || is_page_part_intact(bytes_at(start), end - start, forbidden)) {
        return true;
    }
    const Damage damage = find_damage(bytes_at(start), end - start, forbidden, is_front);
    const auto nearest = static_cast<int64_t>(damage.nearest_bytes);
    dearth_misuse misuse = {};
    misuse.kind = kind;
    misuse.domain = slot.domain;
    misuse.changed_bytes = damage.changed_bytes;
    misuse.distance_bytes = is_front ? -1 - nearest : nearest;
    misuse.access = DEARTH_ACCESS_WRITE;
    page_guard_describe(slot, misuse);
    const ShownEdge edge = {is_front ? bytes_at(end - 1 - damage.nearest_bytes)
                                     : bytes_at(start + damage.nearest_bytes),
                            end - start - damage.nearest_bytes, is_front};
    show_found(misuse, edge);
    memset(bytes_at(start), forbidden, end - start);
    show_expected(misuse, edge);
    report_misuse(misuse);
    return false;
}

}  // namespace

void page_guard_describe(const GuardedSlot& slot, dearth_misuse& misuse) noexcept {
    misuse.address = slot.address;
    misuse.block_domain = slot.domain;
    misuse.block_size_bytes = slot.size_bytes;
    misuse.serial = slot.serial;
    fill_stack(misuse.allocated, slot.stack_id);
    fill_stack(misuse.freed, was_freed(slot.state()) ? slot.freed_stack_id : 0);
    place_text(slot.place, misuse.place, sizeof(misuse.place));
}

bool page_guard_check_slack(const GuardedSlot& slot, unsigned char forbidden) noexcept {
    if (slot.open_pages == 0) {
        return true;
    }
    const uintptr_t first = slot.address & ~(uintptr_t{kPageBytes} - 1);
    const uintptr_t end = first + slot.open_pages * kPageBytes;
    const bool is_front_intact =
        check_side(slot, first, slot.address, DEARTH_MISUSE_UNDERFLOW, forbidden);
    return check_side(slot, slot.address + slot.size_bytes, end, DEARTH_MISUSE_OVERFLOW,
                      forbidden) &&
           is_front_intact;
}

void page_guard_report_wrong_pointer(uintptr_t address, uint32_t domain) noexcept {
    dearth_misuse misuse = {};
    misuse.kind = DEARTH_MISUSE_INVALID_FREE;
    misuse.domain = domain;
    misuse.block_domain = domain;
    const GuardedSlot* slot = page_pool.find(address);
    if (slot != nullptr && slot->state() != SlotState::kNew && slot->state() != SlotState::kStock) {
        const bool is_start = slot->address == address;
        if (is_start && was_freed(slot->state())) {
            misuse.kind = DEARTH_MISUSE_DOUBLE_FREE;
        } else if (is_start && slot->domain != domain) {
            misuse.kind = DEARTH_MISUSE_WRONG_DOMAIN;
        } else if (is_start && slot->state() == SlotState::kBusy) {
            misuse.kind = DEARTH_MISUSE_DOUBLE_FREE;  // two threads at once
        }
        page_guard_describe(*slot, misuse);
        misuse.distance_bytes = static_cast<int64_t>(address - slot->address);
    }
    misuse.address = address;
    report_misuse(misuse);
}

}  // namespace dearth::hooks
