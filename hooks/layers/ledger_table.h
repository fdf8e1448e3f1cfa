// Blocks of one domain, live ones and those freed since, found by address: a shadow of the heap.
// Each MiB of addresses that ever held a block has a region of records, one for each 16 bytes a
// block may start at. So a record is found by arithmetic, blocks that lie together have records
// that lie together, and nothing is probed or rehashed but the short list of regions. A chained
// hash table, and a shadow of 8 bytes a record, cost CPython several times as much: cache misses.
//
// A freed block's record stays until its address is used again; that is how a double free is told
// from a wild one, however long ago the first was. A record is 2 bytes; what need not be there
// (serials, call stacks, source places, sizes from 1 KiB) lies in a second array, touched only
// when there is something to say.
//
// Regions are carved from one reserve; none is ever given back. Two live blocks that start within
// the same 16 bytes break the contract of dearth_allocator: only one of them is known. Not
// thread-safe: the owner locks.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/layers/ledger_node.h"
#include "hooks/layers/sparse_ledger.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

class LedgerTable {
public:
    static constexpr uint32_t kPlacesMax = 4096;

    /// False when there are no pages.
    bool open() noexcept;

    /// Blocks in that range are recorded apart. Before the first block is entered. Where there are
    /// no pages for that, they are recorded like all others.
    void cover_sparsely(const SparseRange& range) noexcept { sparse_.open(range); }

    /// False: no block was ever known to start there.
    bool find(uint64_t address, LedgerNode& found) const noexcept {
        const Region* region = region_of(address);
        if (region == nullptr) {
            return sparse_.covers(address) && sparse_.find(address, found);
        }
        return read(*region, slot_of(address), found) && found.address == address;
    }

    /// Enters a live block. False: it does not fit, and is not known from now on.
    bool insert(const LedgerNode& node) noexcept {
        Region* region = region_of(node.address);
        if (__builtin_expect(region == nullptr, 0)) {
            if (sparse_.covers(node.address)) {
                return sparse_.insert(node);
            }
            region = add_region(node.address);
            if (region == nullptr) {
                return false;
            }
        }
        const uint64_t slot = slot_of(node.address);
        // A page never written is not read either: that would cost it a second page fault.
        const uint64_t touched = region->touched;
        const uint64_t page_bit = uint64_t{1} << (slot / kSlotsInPage);
        if ((touched & page_bit) != 0 && (region->records[slot] & kIsLive) != 0) {
            return false;
        }
        if (__builtin_expect((touched & page_bit) == 0, 0)) {
            touch_page(*region, page_bit);
        }
        const bool has_extra = (node.size_bytes >> kSizeBits | node.serial | node.stack_id |
                                node.place | (node.address & 15)) != 0;
        region->records[slot] =
            static_cast<Record>(kIsLive | kWasMade | (has_extra ? kHasExtra : 0) |
                                (node.maker & 7) << kMakerShift | (node.size_bytes & kSizeMask));
        if (has_extra) {
            write_extra(region->extras[slot], node);
        }
        return true;
    }

    /// Strikes a live block and tells what stood there; false: no live block starts there.
    bool remove(uint64_t address, StackId freed_stack_id, LedgerNode& removed) noexcept {
        Region* region = region_of(address);
        if (region == nullptr) {
            return sparse_.covers(address) && sparse_.remove(address, freed_stack_id, removed);
        }
        const uint64_t slot = slot_of(address);
        if (!read(*region, slot, removed) || !removed.is_live || removed.address != address) {
            return false;
        }
        Record& record = region->records[slot];
        record = static_cast<Record>(record & ~kIsLive);
        // Written only when it changes: in a forked child each page written is a page copied.
        if ((record & kHasExtra) != 0 && region->extras[slot].freed_stack_id != freed_stack_id) {
            region->extras[slot].freed_stack_id = freed_stack_id;
        }
        return true;
    }

    /// What insert does for almost every block: a small, aligned one with no more to say than its
    /// size, in a page of records that was used before. False: nothing was done, use insert. What
    /// stood there is not looked at: the new block takes its place. A fresh heap would have to wait
    /// for that look, a write it need not wait for.
    bool insert_short(uint64_t address, uint64_t size_bytes, uint32_t maker) noexcept {
        Region& home = regions_[home_of(address >> kRegionShift)];
        const uint64_t slot = slot_of(address);
        const bool is_short = home.number == address >> kRegionShift &&
                              (home.touched >> (slot / kSlotsInPage) & 1) != 0 &&
                              ((size_bytes >> kSizeBits) | (address & 15)) == 0;
        if (!is_short) {
            return false;
        }
        home.records[slot] =
            static_cast<Record>(kIsLive | kWasMade | (maker & 7) << kMakerShift | size_bytes);
        return true;
    }

    /// A block that remove_short struck. No fields: it has to travel in one register.
    enum class Struck : uint32_t { kNone = 0 };
    static uint64_t size_of(Struck struck) noexcept {
        return static_cast<uint32_t>(struck) & kSizeMask;
    }
    static uint32_t maker_of(Struck struck) noexcept {
        return static_cast<uint32_t>(struck) >> kMakerShift & 7;
    }

    /// What remove does for such a block. kNone: nothing was done, use remove.
    Struck remove_short(uint64_t address) noexcept {
        Region& home = regions_[home_of(address >> kRegionShift)];
        if (home.number != address >> kRegionShift || (address & 15) != 0) {
            return Struck::kNone;
        }
        Record& record = home.records[slot_of(address)];
        const uint32_t found = record;
        if ((found & (kIsLive | kHasExtra)) != kIsLive) {
            return Struck::kNone;
        }
        record = static_cast<Record>(found & ~kIsLive);
        return static_cast<Struck>(found);
    }

    /// Calls `visit(node)` for every block, live and freed ones, until it returns false.
    template <typename Visit>
    void for_each(Visit visit) const noexcept {
        for (uint64_t index = 0; index <= region_mask_; ++index) {
            const Region& region = regions_[index];
            if (region.number != kNoNumber && !for_each_in(region, visit)) {
                return;
            }
        }
        sparse_.for_each(visit);
    }

private:
    static constexpr unsigned kRegionShift = 20;
    static constexpr uint64_t kNoNumber = UINT64_MAX;
    static constexpr uint64_t kSlots = (uint64_t{1} << kRegionShift) / 16;

    /// Low bits: the size, if it fits. All zero: no block has started here yet.
    using Record = uint16_t;
    static constexpr unsigned kSizeBits = 10;
    static constexpr unsigned kMakerShift = 10;
    static constexpr uint64_t kSizeMask = (uint64_t{1} << kSizeBits) - 1;
    static constexpr uint32_t kIsLive = 1u << 13;
    static constexpr uint32_t kHasExtra = 1u << 14;
    static constexpr uint32_t kWasMade = 1u << 15;
    static constexpr uint64_t kSlotsInPage = 4096 / sizeof(Record);

    struct Extra {
        uint64_t size_bytes;
        uint64_t packed;  ///< serial: 48; place: 12; low bits of the address: 4
        StackId stack_id;
        StackId freed_stack_id;
    };

    struct Region {
        uint64_t number;  ///< address >> kRegionShift; kNoNumber: the entry is free
        Record* records;  ///< kSlots
        Extra* extras;    ///< kSlots
        /// Pages of records ever written, so that a walk does not touch the others.
        uint64_t touched;
    };
    static_assert(kSlots / kSlotsInPage <= 64, "a bit for each page");
    static constexpr uint64_t kRegionBytes = kSlots * (sizeof(Record) + sizeof(Extra));

    static uint64_t slot_of(uint64_t address) noexcept { return (address >> 4) % kSlots; }

    static bool read(const Region& region, uint64_t slot, LedgerNode& node) noexcept {
        const uint32_t record = region.records[slot];
        if ((record & kWasMade) == 0) {
            return false;
        }
        node.address = (region.number << kRegionShift) + slot * 16;
        node.size_bytes = record & kSizeMask;
        node.serial = 0;
        node.stack_id = 0;
        node.freed_stack_id = 0;
        node.place = 0;
        node.maker = record >> kMakerShift & 7;
        node.is_live = (record & kIsLive) != 0;
        if ((record & kHasExtra) != 0) {
            read_extra(region.extras[slot], node);
        }
        return true;
    }

    static void touch_page(Region& region, uint64_t page_bit) noexcept;
    static void read_extra(const Extra& extra, LedgerNode& node) noexcept;
    static void write_extra(Extra& extra, const LedgerNode& node) noexcept;

    /// Neighbouring regions get neighbouring entries, so those of one heap do not collide.
    uint64_t home_of(uint64_t number) const noexcept { return number & region_mask_; }

    Region* region_of(uint64_t address) const noexcept {
        const uint64_t number = address >> kRegionShift;
        Region& home = regions_[home_of(number)];
        if (__builtin_expect(home.number == number, 1)) {
            return &home;
        }
        return find_region(number);
    }

    template <typename Visit>
    static bool for_each_in(const Region& region, Visit visit) noexcept {
        for (uint64_t slot = 0; slot < kSlots; ++slot) {
            if ((region.touched >> (slot / kSlotsInPage) & 1) == 0) {
                slot += kSlotsInPage - 1;
                continue;
            }
            LedgerNode node;
            if (read(region, slot, node) && !visit(node)) {
                return false;
            }
        }
        return true;
    }

    Region* find_region(uint64_t number) const noexcept;
    Region* add_region(uint64_t address) noexcept;
    static Region* map_regions(uint64_t capacity) noexcept;
    bool grow_regions() noexcept;

    Region* regions_ = nullptr;  ///< open addressing, at most half full
    uint64_t region_mask_ = 0;   ///< entries less one; their number is a power of two
    uint64_t region_count_ = 0;
    SparseLedger sparse_;
    unsigned char* reserve_ = nullptr;
    uint64_t reserve_regions_ = 0;  ///< how many fit the reserve
};

}  // namespace dearth::hooks
