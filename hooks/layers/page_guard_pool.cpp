// Lists and records; see the header.
#include "hooks/layers/page_guard_pool.h"

#include "hooks/base/fork_locks.h"

namespace dearth::hooks {

constinit PagePool page_pool;

namespace {

// 8 Mi granules: four million single-page blocks and as many again held back, or larger ones.
constexpr size_t kReserveBytes = size_t{64} << 30;

// Under PROTECTION: two mappings for each live block, and half of the process's for itself.
constexpr uint64_t kMappingsShare = 4;

uintptr_t page_of(uint64_t address) noexcept {
    return address & ~(uintptr_t{kPageBytes} - 1);
}

}  // namespace

bool PagePool::open(const PagePoolLimits& limits) noexcept {
    limits_ = limits;
    if (slots_ != nullptr) {
        return true;
    }
    PageReserve reserve = {};
    if (!reserve_guarded_pages(kReserveBytes, limits.way, reserve)) {
        reserve_.way = DEARTH_PAGES_NONE;
        return false;
    }
    const size_t granules = reserve.size_bytes / kGranuleBytes;
    auto* slots = static_cast<GuardedSlot*>(reserve_pages(granules * sizeof(GuardedSlot)));
    auto* heads = static_cast<uint32_t*>(reserve_pages(granules * sizeof(uint32_t)));
    if (slots == nullptr || heads == nullptr ||
        !close_pages(reserve, reserve.start, kGranuleBytes)) {
        unmap_pages(slots, granules * sizeof(GuardedSlot));
        unmap_pages(heads, granules * sizeof(uint32_t));
        unmap_pages(reinterpret_cast<void*>(reserve.start), reserve.size_bytes);
        reserve_.way = DEARTH_PAGES_NONE;
        return false;
    }
    add_fork_lock(lock_, LockRank::kPagePool);
    reserve_ = reserve;
    slots_ = slots;
    heads_ = heads;
    granules_ = static_cast<uint32_t>(granules);
    carved_ = 1;
    capacity_ = reserve.way == DEARTH_PAGES_PROTECTION ? mappings_max() / kMappingsShare : 0;
    return true;
}

// The smallest class that holds so many granules; kClassCount: none does.
uint32_t PagePool::class_of(uint64_t granules, uint64_t& class_granules) noexcept {
    if (granules <= kExactClasses) {
        class_granules = granules;
        return static_cast<uint32_t>(granules - 1);
    }
    // Above 2^k, in steps of 2^(k-2).
    const auto top = static_cast<unsigned>(63 - __builtin_clzll(granules - 1));
    const uint64_t step = uint64_t{1} << (top - 2);
    const uint64_t steps = (granules - (uint64_t{1} << top) + step - 1) / step;
    class_granules = (uint64_t{1} << top) + steps * step;
    const uint64_t index = kExactClasses + (top - 3) * 4 + steps - 1;
    return index < kClassCount ? static_cast<uint32_t>(index) : kClassCount;
}

void PagePool::append(SlotList& list, uint32_t number) noexcept {
    slots_[number].next = 0;
    if (list.first == 0) {
        list.first = number;
    } else {
        slots_[list.last].next = number;
    }
    list.last = number;
}

uint32_t PagePool::pop(SlotList& list) noexcept {
    const uint32_t number = list.first;
    if (number != 0) {
        list.first = slots_[number].next;
    }
    return number;
}

bool PagePool::has_room() const noexcept {
    return capacity_ == 0 || live_ + stock_count_ < capacity_;
}

// A closed slot that never held a block; 0: the reserve is used up, or the kernel refused.
uint32_t PagePool::carve(uint64_t granules) noexcept {
    const uint64_t wanted = granules == 1 ? kSmallSlotsCarved : granules;
    if (granules != 1 || small_next_ == small_end_) {
        const uintptr_t start = reserve_.start + carved_ * kGranuleBytes;
        if (wanted > granules_ - carved_ ||
            (reserve_.way == DEARTH_PAGES_ADVICE &&
             !close_pages(reserve_, start, wanted * kGranuleBytes))) {
            return 0;
        }
        if (granules == 1) {
            small_next_ = carved_;
            small_end_ = carved_ + kSmallSlotsCarved;
        }
        carved_ += static_cast<uint32_t>(wanted);
    }
    const uint32_t number =
        granules == 1 ? small_next_++ : carved_ - static_cast<uint32_t>(granules);
    slots_[number].granules = static_cast<uint32_t>(granules);
    for (uint32_t index = 0; index < granules; ++index) {
        heads_[number + index] = number;
    }
    return number;
}

uint32_t PagePool::next_closed(uint32_t class_index, uint64_t granules) noexcept {
    const uint32_t number = pop(waiting_[class_index]);
    return number != 0 ? number : carve(granules);
}

uint32_t PagePool::next_closed_or_held(uint32_t class_index, uint64_t granules) noexcept {
    uint32_t number = next_closed(class_index, granules);
    if (number == 0 && held_count_ != 0) {
        release_held(0, 0);
        number = next_closed(class_index, granules);
    }
    return number;
}

void PagePool::fill_stock() noexcept {
    iovec ranges[kStockMax];
    uint32_t numbers[kStockMax];
    size_t count = 0;
    const size_t wanted = capacity_ == 0 ? kStockMax : 1;
    while (count < wanted) {
        const uint32_t number = next_closed_or_held(0, 1);
        if (number == 0) {
            break;
        }
        numbers[count] = number;
        ranges[count++] = iovec{reinterpret_cast<void*>(data_start(slots_[number])), kPageBytes};
    }
    const size_t opened = open_ranges(reserve_, ranges, count);
    for (size_t index = 0; index < count; ++index) {
        if (index < opened) {
            slots_[numbers[index]].set_state(SlotState::kStock);
            // The last one is handed out first: oldest first, so backwards.
            stock_[opened - 1 - index] = numbers[index];
        } else {
            append(waiting_[0], numbers[index]);
        }
    }
    stock_count_ = opened;
}

GuardedSlot* PagePool::take(size_t pages, bool wants_open, bool& is_open) noexcept {
    uint64_t granules = 0;
    const uint32_t class_index = class_of((pages + 2) / 2, granules);
    is_open = wants_open && granules == 1;
    SpinLockScope scope(lock_);
    uint32_t number = 0;
    if (class_index < kClassCount && has_room()) {
        if (is_open && stock_count_ == 0) {
            fill_stock();
        }
        if (!is_open) {
            number = next_closed_or_held(class_index, granules);
        } else if (stock_count_ != 0) {
            number = stock_[--stock_count_];
        }
    }
    if (number == 0) {
        ++refused_;
        return nullptr;
    }
    add_live(1);
    ++served_;
    GuardedSlot& slot = slots_[number];
    slot.set_state(SlotState::kBusy);
    return &slot;
}

bool PagePool::claim(uintptr_t address, uint32_t domain, GuardedSlot*& slot) noexcept {
    SpinLockScope scope(lock_);
    const uint32_t number = heads_[(address - reserve_.start) / kGranuleBytes];
    GuardedSlot& found = slots_[number];
    if (number == 0 || found.state() != SlotState::kLive || found.address != address ||
        found.domain != domain) {
        return false;
    }
    found.set_state(SlotState::kBusy);
    slot = &found;
    return true;
}

void PagePool::retire(GuardedSlot& slot) noexcept {
    // Outside the lock: no other thread touches a busy slot.
    const bool is_closed =
        close_pages(reserve_, page_of(slot.address), slot.open_pages * kPageBytes);
    SpinLockScope scope(lock_);
    add_live(UINT64_MAX);
    if (!is_closed) {
        slot.set_state(SlotState::kLost);
        return;
    }
    slot.set_state(SlotState::kHeld);
    append(held_, static_cast<uint32_t>(number_of(slot)));
    held_bytes_ += slot.size_bytes;
    ++held_count_;
    release_held(limits_.held_bytes, limits_.held_blocks);
}

void PagePool::put_back(GuardedSlot& slot) noexcept {
    SpinLockScope scope(lock_);
    uint64_t granules = 0;
    add_live(UINT64_MAX);
    slot.set_state(SlotState::kNew);
    append(waiting_[class_of(slot.granules, granules)], static_cast<uint32_t>(number_of(slot)));
}

bool PagePool::open_block(const GuardedSlot& slot) noexcept {
    return open_pages(reserve_, page_of(slot.address), slot.open_pages * kPageBytes);
}

void PagePool::release_held(uint64_t bytes, uint64_t blocks) noexcept {
    while (held_count_ != 0 && (held_bytes_ > bytes || held_count_ > blocks)) {
        const uint32_t number = pop(held_);
        GuardedSlot& slot = slots_[number];
        uint64_t granules = 0;
        held_bytes_ -= slot.size_bytes;
        --held_count_;
        slot.set_state(SlotState::kWaiting);
        append(waiting_[class_of(slot.granules, granules)], number);
    }
}

const GuardedSlot* PagePool::find(uintptr_t address) const noexcept {
    if (slots_ == nullptr || !contains(address)) {
        return nullptr;
    }
    const uint32_t number =
        __atomic_load_n(&heads_[(address - reserve_.start) / kGranuleBytes], __ATOMIC_ACQUIRE);
    return number == 0 ? nullptr : &slots_[number];
}

const GuardedSlot* PagePool::slot_before(const GuardedSlot& slot) const noexcept {
    return find(data_start(slot) - 1);
}

const GuardedSlot* PagePool::slot_behind(const GuardedSlot& slot) const noexcept {
    return find(data_end(slot) + kPageBytes);
}

PagePoolCounts PagePool::counts() noexcept {
    SpinLockScope scope(lock_);
    return PagePoolCounts{live_, held_count_, held_bytes_, served_, refused_, capacity_};
}

// Nothing is thinned out in the first half. After that one in 2, 4, ... 256, each for a sixteenth
// of the capacity: so what lives for ever does not take all of it at the start.
uint64_t PagePool::thinning() const noexcept {
    if (capacity_ == 0) {
        return 1;
    }
    const uint64_t live = __atomic_load_n(&live_, __ATOMIC_RELAXED);
    if (live * 2 < capacity_) {
        return 1;
    }
    const uint64_t sixteenth = live * 16 / capacity_;
    return uint64_t{1} << (sixteenth < 8 ? 1 : sixteenth < 16 ? sixteenth - 7 : 8);
}

}  // namespace dearth::hooks
