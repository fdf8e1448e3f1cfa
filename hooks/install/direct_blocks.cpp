// A hash set with open addressing in pages of our own: half full at most, so that a look-up is
// short; an erased place is filled from behind, so that there are no tombstones.
#include "hooks/install/direct_blocks.h"

#include "hooks/base/fork_locks.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/base/prng.h"
#include "hooks/base/spin_lock.h"

namespace dearth::hooks {

namespace {

constexpr size_t kFirstPlaces = 2048;

struct DirectTable {
    uintptr_t* places;  // 0: free
    size_t capacity;    // a power of two, or 0
    size_t count;
    SpinLock lock;
};
constinit DirectTable table = {};

size_t home_of(uintptr_t address) noexcept {
    return static_cast<size_t>(mix_bits(address)) & (table.capacity - 1);
}

// Where the address is, or would be.
size_t place_of(uintptr_t address) noexcept {
    size_t place = home_of(address);
    while (table.places[place] != 0 && table.places[place] != address) {
        place = (place + 1) & (table.capacity - 1);
    }
    return place;
}

bool grow() noexcept {
    const DirectTable old = {table.places, table.capacity, table.count, {}};
    const size_t capacity = old.capacity == 0 ? kFirstPlaces : 2 * old.capacity;
    auto* places = static_cast<uintptr_t*>(map_pages(capacity * sizeof(uintptr_t)));
    if (places == nullptr) {
        return false;
    }
    table.places = places;
    table.capacity = capacity;
    for (size_t index = 0; index < old.capacity; ++index) {
        if (old.places[index] != 0) {
            table.places[place_of(old.places[index])] = old.places[index];
        }
    }
    unmap_pages(old.places, old.capacity * sizeof(uintptr_t));
    return true;
}

void widen_bounds(uintptr_t address) noexcept {
    if (address < direct_bounds.low) {
        __atomic_store_n(&direct_bounds.low, address, __ATOMIC_RELAXED);
    }
    if (address > direct_bounds.high) {
        __atomic_store_n(&direct_bounds.high, address, __ATOMIC_RELAXED);
    }
}

// Moves up whoever stands behind the hole only because it was taken.
void erase(size_t hole) noexcept {
    const size_t mask = table.capacity - 1;
    for (size_t next = (hole + 1) & mask; table.places[next] != 0; next = (next + 1) & mask) {
        const size_t home = home_of(table.places[next]);
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            table.places[hole] = table.places[next];
            hole = next;
        }
    }
    table.places[hole] = 0;
    --table.count;
}

bool has(uintptr_t address) noexcept {
    return table.capacity != 0 && table.places[place_of(address)] == address;
}

}  // namespace

bool add_direct_block(void* block) noexcept {
    if (block == nullptr) {
        return true;
    }
    const auto address = reinterpret_cast<uintptr_t>(block);
    SpinLockScope scope(table.lock);
    if (2 * (table.count + 1) > table.capacity && !grow()) {
        return false;
    }
    const size_t place = place_of(address);
    table.count += table.places[place] == address ? 0 : 1;
    table.places[place] = address;
    widen_bounds(address);
    return true;
}

bool is_direct_block(const void* block) noexcept {
    if (!may_be_direct(block)) {
        return false;
    }
    SpinLockScope scope(table.lock);
    return has(reinterpret_cast<uintptr_t>(block));
}

bool remove_direct_block(void* block) noexcept {
    if (!may_be_direct(block)) {
        return false;
    }
    const auto address = reinterpret_cast<uintptr_t>(block);
    SpinLockScope scope(table.lock);
    if (!has(address)) {
        return false;
    }
    erase(place_of(address));
    return true;
}

void clear_direct_blocks() noexcept {
    SpinLockScope scope(table.lock);
    unmap_pages(table.places, table.capacity * sizeof(uintptr_t));
    table.places = nullptr;
    table.capacity = 0;
    table.count = 0;
    direct_bounds = DirectBounds{UINTPTR_MAX, 0};
}

void prepare_direct_blocks_for_fork() noexcept {
    add_fork_lock(table.lock, LockRank::kDirect);
}

}  // namespace dearth::hooks
