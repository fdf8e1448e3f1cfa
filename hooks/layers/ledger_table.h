// Live blocks of one domain, found by address: a shadow of the heap. Each MiB of addresses that
// holds a block has a region of records, one for each 16 bytes a block may start at, so a block's
// record is found by arithmetic, blocks that lie together have records that lie together, and
// nothing is ever probed, chained or rehashed but the short list of regions. Measured on CPython
// against a chained hash table: a third of its cost, which was cache misses.
//
// Regions are carved from one reserve and touched as blocks appear; none is ever given back. Two
// blocks that start within the same 16 bytes break the contract of dearth_allocator: the second
// is not entered. Not thread-safe: the owner locks.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/record/request_context.h"

namespace dearth::hooks {

struct LiveNode {
    uint64_t address;
    uint64_t size_bytes;
    uint64_t serial;
    StackId stack_id;
    uint32_t place;  ///< index into the place table; 0: none
    uint32_t op;     ///< enum dearth_op
};

class LedgerTable {
public:
    /// False when there are no pages.
    bool open() noexcept;

    /// False: no live block starts there.
    bool find(uint64_t address, LiveNode& found) const noexcept {
        const Region* region = region_of(address);
        return region != nullptr && unpack(region->records[slot_of(address)], address, found);
    }

    /// Enters a block. False: it does not fit, and is not known from now on.
    bool insert(const LiveNode& node) noexcept {
        Region* region = region_of(node.address);
        if (__builtin_expect(region == nullptr, 0)) {
            region = add_region(node.address);
            if (region == nullptr) {
                return false;
            }
        }
        const uint64_t slot = slot_of(node.address);
        Record& record = region->records[slot];
        if (__builtin_expect(record.is_live || node.size_bytes >> kSizeBits != 0, 0)) {
            return false;
        }
        record = pack(node);
        region->touched[slot / kSlotsInPage / 64] |= uint64_t{1} << (slot / kSlotsInPage % 64);
        ++count_;
        return true;
    }

    /// Strikes a block and tells what stood there; false: no live block starts there.
    bool remove(uint64_t address, LiveNode& removed) noexcept {
        Region* region = region_of(address);
        if (region == nullptr) {
            return false;
        }
        Record& record = region->records[slot_of(address)];
        if (!unpack(record, address, removed)) {
            return false;
        }
        record = Record{};
        --count_;
        return true;
    }

    uint64_t count() const noexcept { return count_; }

    /// Calls `visit(node)` for every live block until it returns false.
    template <typename Visit>
    void for_each(Visit visit) const noexcept {
        for (uint64_t index = 0; index < region_capacity_; ++index) {
            const Region& region = regions_[index];
            if (region.records != nullptr && !for_each_in(region, visit)) {
                return;
            }
        }
    }

private:
    static constexpr unsigned kSizeBits = 44;
    static constexpr unsigned kRegionShift = 20;
    static constexpr uint64_t kSlots = (uint64_t{1} << kRegionShift) / 16;

    /// All zero: no block. 16 bytes, a quarter of a cache line.
    struct Record {
        uint64_t size_bytes : kSizeBits;
        uint64_t place : 12;
        uint64_t op : 3;
        uint64_t low_bits : 4;  ///< of the address: 0 as long as blocks are aligned
        uint64_t is_live : 1;
        uint64_t serial : 39;
        uint64_t stack_id : 25;
    };
    static_assert(sizeof(Record) == 16, "a record for each 16 bytes of heap");
    static constexpr uint64_t kSlotsInPage = 4096 / sizeof(Record);

    struct Region {
        uint64_t number;  ///< address >> kRegionShift
        Record* records;  ///< kSlots; nullptr: the entry is free
        /// Pages of records ever written, so that a walk does not touch the others.
        uint64_t touched[kSlots / kSlotsInPage / 64];
    };

    static uint64_t slot_of(uint64_t address) noexcept { return (address >> 4) % kSlots; }

    static Record pack(const LiveNode& node) noexcept {
        Record record = {};
        record.size_bytes = node.size_bytes & ((uint64_t{1} << kSizeBits) - 1);
        record.place = node.place & 0xFFF;
        record.op = node.op & 7;
        record.low_bits = node.address & 15;
        record.is_live = 1;
        record.serial = node.serial & ((uint64_t{1} << 39) - 1);
        record.stack_id = node.stack_id & ((1u << 25) - 1);
        return record;
    }

    static bool unpack(const Record& record, uint64_t address, LiveNode& node) noexcept {
        if (!record.is_live || record.low_bits != (address & 15)) {
            return false;
        }
        node.address = address;
        node.size_bytes = record.size_bytes;
        node.serial = record.serial;
        node.stack_id = static_cast<StackId>(record.stack_id);
        node.place = static_cast<uint32_t>(record.place);
        node.op = static_cast<uint32_t>(record.op);
        return true;
    }

    uint64_t home_of(uint64_t number) const noexcept {
        return (number * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (region_capacity_ - 1);
    }

    Region* region_of(uint64_t address) const noexcept {
        const uint64_t number = address >> kRegionShift;
        for (uint64_t index = home_of(number);; index = (index + 1) & (region_capacity_ - 1)) {
            Region& region = regions_[index];
            if (region.number == number && region.records != nullptr) {
                return &region;
            }
            if (region.records == nullptr) {
                return nullptr;
            }
        }
    }

    template <typename Visit>
    static bool for_each_in(const Region& region, Visit visit) noexcept {
        for (uint64_t slot = 0; slot < kSlots; ++slot) {
            const uint64_t page = slot / kSlotsInPage;
            if ((region.touched[page / 64] >> (page % 64) & 1) == 0) {
                slot += kSlotsInPage - 1;
                continue;
            }
            const Record& record = region.records[slot];
            LiveNode node;
            const uint64_t address =
                (region.number << kRegionShift) + slot * 16 + uint64_t{record.low_bits};
            if (unpack(record, address, node) && !visit(node)) {
                return false;
            }
        }
        return true;
    }

    Region* add_region(uint64_t address) noexcept;
    bool grow_regions() noexcept;

    Region* regions_ = nullptr;  ///< open addressing, at most half full
    uint64_t region_capacity_ = 0;
    uint64_t region_count_ = 0;
    uint64_t count_ = 0;
    Record* reserve_ = nullptr;
    uint64_t reserve_regions_ = 0;  ///< how many fit the reserve
};

}  // namespace dearth::hooks
