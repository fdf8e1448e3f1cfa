// Slots for the blocks of the page guard, one pool for the process: who lies where, lives or was
// freed, and which slot comes next. A slot is a run of data pages and one page behind them that is
// never opened; the slot in front has such a page too, so each block has one on either side:
//
//     | closed | data ... data | closed | data | closed |
//              '------ slot n, a number of 8 KiB granules ------'
//
// A slot's record lies in a table of its own, found by arithmetic, and keeps what is known of the
// block after it was freed, until the slot is used again: freed slots are held back oldest out
// first, then wait in the order they came. What is not live is closed and takes no memory, but for
// a small stock of single pages opened in advance. A slot keeps its size for good.
//
// Nothing here reports, fills or checks bytes. Threads: one spin lock; `find`, for signal handlers,
// takes none.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/base/mapped_pages.h"
#include "hooks/base/spin_lock.h"
#include "hooks/layers/page_guard_pages.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

inline constexpr size_t kGranuleBytes = 2 * kPageBytes;

enum class SlotState : uint8_t {
    kNew = 0,  ///< holds no block, and none that is remembered
    kStock,    ///< opened in advance
    kBusy,     ///< a thread makes, resizes or frees its block: nobody else touches it
    kLive,     ///< holds a block
    kHeld,     ///< freed, closed, not to be used yet
    kWaiting,  ///< freed, closed, to be used again
    kLost      ///< the kernel refused to close it: never used again
};

struct GuardedSlot {
    uint64_t address;  ///< of the block it holds, or held last
    uint64_t size_bytes;
    uint64_t serial;  ///< of the request; 0: requests are not numbered
    StackId stack_id;
    StackId freed_stack_id;
    uint32_t next;        ///< number of the next slot in a list; 0: the last
    uint32_t granules;    ///< 0: there is no slot here
    uint32_t open_pages;  ///< from the page of `address` on
    uint16_t place;       ///< in the place table
    uint8_t state_number;
    uint8_t domain;

    SlotState state() const noexcept {
        return static_cast<SlotState>(__atomic_load_n(&state_number, __ATOMIC_ACQUIRE));
    }
    void set_state(SlotState state) noexcept {
        __atomic_store_n(&state_number, static_cast<uint8_t>(state), __ATOMIC_RELEASE);
    }
};
static_assert(sizeof(GuardedSlot) == 48, "a record of a million");

struct PagePoolLimits {
    dearth_page_way way;  ///< as asked for; matters at the first open
    uint64_t held_bytes;  ///< as callers counted them
    uint64_t held_blocks;
};

struct PagePoolCounts {
    uint64_t live;
    uint64_t held;
    uint64_t held_bytes;
    uint64_t served;    ///< slots handed out so far
    uint64_t refused;   ///< slots there was no room for
    uint64_t capacity;  ///< blocks that can be live at once; 0: no fixed number
};

class PagePool {
public:
    /// Reserves address space, the first time; sets the limits, every time. False: there is none.
    bool open(const PagePoolLimits& limits) noexcept;

    bool contains(uintptr_t address) const noexcept {
        return address - reserve_.start < reserve_.size_bytes;
    }

    uintptr_t start() const noexcept { return reserve_.start; }
    size_t size_bytes() const noexcept { return reserve_.size_bytes; }

    /// A busy slot of at least so many data pages, closed but for a single page from the stock,
    /// which `is_open` tells. nullptr: no room.
    GuardedSlot* take(size_t pages, bool wants_open, bool& is_open) noexcept;

    /// Opens the pages of a busy slot's block. False: the kernel refused.
    bool open_block(const GuardedSlot& slot) noexcept;

    /// Makes a busy slot live.
    void publish(GuardedSlot& slot) noexcept { slot.set_state(SlotState::kLive); }

    /// Makes a live block's slot busy. False: no live block of the domain starts there.
    bool claim(uintptr_t address, uint32_t domain, GuardedSlot*& slot) noexcept;

    /// Closes a busy slot, at once, and holds it back.
    void retire(GuardedSlot& slot) noexcept;

    /// Takes back a busy slot that is still closed.
    void put_back(GuardedSlot& slot) noexcept;

    /// The slot whose pages, the closed one behind included, lie there. A record may change while
    /// it is read. No lock.
    const GuardedSlot* find(uintptr_t address) const noexcept;

    /// Its neighbours; nullptr: there is none.
    const GuardedSlot* slot_before(const GuardedSlot& slot) const noexcept;
    const GuardedSlot* slot_behind(const GuardedSlot& slot) const noexcept;

    uintptr_t data_start(const GuardedSlot& slot) const noexcept {
        return reserve_.start + number_of(slot) * kGranuleBytes;
    }
    uintptr_t data_end(const GuardedSlot& slot) const noexcept {
        return data_start(slot) + slot.granules * kGranuleBytes - kPageBytes;
    }

    /// Calls `visit(slot)` for every live slot, under the lock.
    template <typename Visit>
    void for_each_live(Visit visit) noexcept {
        SpinLockScope scope(lock_);
        for (uint32_t number = 1; number < carved_;) {
            GuardedSlot& slot = slots_[number];
            if (slot.state() == SlotState::kLive) {
                visit(slot);
            }
            number += slot.granules == 0 ? 1 : slot.granules;
        }
    }

    PagePoolCounts counts() noexcept;
    dearth_page_way way() const noexcept { return reserve_.way; }

    /// One in how many blocks is to be guarded now, so that the room there is lasts; 1: every one.
    uint64_t thinning() const noexcept;

private:
    struct SlotList {
        uint32_t first;
        uint32_t last;
    };

    // Granules: 1 to 8, then four sizes for each doubling.
    static constexpr uint32_t kExactClasses = 8;
    static constexpr uint32_t kClassCount = kExactClasses + 4 * 21;
    static constexpr size_t kStockMax = kRangesMax;
    // Small slots are carved, and closed, by the MiB.
    static constexpr uint32_t kSmallSlotsCarved = 128;

    static uint32_t class_of(uint64_t granules, uint64_t& class_granules) noexcept;
    size_t number_of(const GuardedSlot& slot) const noexcept {
        return static_cast<size_t>(&slot - slots_);
    }

    // Written under the lock, and read without it.
    void add_live(uint64_t change) noexcept {
        __atomic_store_n(&live_, live_ + change, __ATOMIC_RELAXED);
    }
    void append(SlotList& list, uint32_t number) noexcept;
    uint32_t pop(SlotList& list) noexcept;
    bool has_room() const noexcept;
    uint32_t carve(uint64_t granules) noexcept;
    uint32_t next_closed(uint32_t class_index, uint64_t granules) noexcept;
    uint32_t next_closed_or_held(uint32_t class_index, uint64_t granules) noexcept;
    void fill_stock() noexcept;
    void release_held(uint64_t bytes, uint64_t blocks) noexcept;

    PageReserve reserve_ = {};
    GuardedSlot* slots_ = nullptr;  ///< one for each granule
    uint32_t* heads_ = nullptr;     ///< number of the slot a granule belongs to; 0: none
    uint32_t granules_ = 0;         ///< in the reserve
    uint32_t carved_ = 0;           ///< granules handed out; the first is a lead-in, never opened
    uint32_t small_next_ = 0;       ///< small slots carved and not used yet
    uint32_t small_end_ = 0;
    SlotList waiting_[kClassCount] = {};
    SlotList held_ = {};
    uint64_t held_bytes_ = 0;
    uint64_t held_count_ = 0;
    PagePoolLimits limits_ = {};
    uint32_t stock_[kStockMax] = {};
    size_t stock_count_ = 0;
    uint64_t live_ = 0;
    uint64_t served_ = 0;
    uint64_t refused_ = 0;
    uint64_t capacity_ = 0;
    SpinLock lock_;
};

extern PagePool page_pool;

}  // namespace dearth::hooks
