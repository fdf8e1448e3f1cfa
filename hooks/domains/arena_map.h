// Which addresses lie in pools of our arenas: the question every free and realloc of the object
// domain starts with. Answers for any address whatever without reading the memory it points to.
//
// A two-level table by address, one entry for 256 KiB. An arena is as large as an entry's reach,
// but may start anywhere, so at most two arenas share an entry: the end of one, the start of the
// next. Leaves come from the OS, cost what is touched of them, and stay.
// Not thread-safe: the object domain's callers serialize.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

class ArenaMap {
public:
    /// Adds [begin, end), not empty and at most one arena long. False when there is no memory for
    /// the table, the addresses are beyond it, or others are in the way; nothing is added then.
    bool add(uintptr_t begin, uintptr_t end) noexcept;
    /// Takes out what add has put in.
    void remove(uintptr_t begin, uintptr_t end) noexcept;

    bool contains(uintptr_t address) const noexcept {
        if (address >= kAddressEnd) {
            return false;
        }
        const Leaf* leaf = root_[address >> kLeafReachBits];
        if (leaf == nullptr) {
            return false;
        }
        const Entry& entry = leaf->entries[(address >> kEntryReachBits) % kLeafEntries];
        return entry.first.holds(address) || entry.second.holds(address);
    }

private:
    struct Range {
        uintptr_t begin;
        uintptr_t end;
        bool holds(uintptr_t address) const noexcept { return address >= begin && address < end; }
    };
    struct Entry {
        Range first;
        Range second;
    };

    // What user space of x86-64 and AArch64 hands out unless asked for more by hint.
    static constexpr unsigned kAddressBits = 48;
    static constexpr uintptr_t kAddressEnd = uintptr_t{1} << kAddressBits;
    static constexpr unsigned kEntryReachBits = 18;
    static constexpr unsigned kLeafBits = 15;
    static constexpr unsigned kLeafReachBits = kEntryReachBits + kLeafBits;
    static constexpr size_t kLeafEntries = size_t{1} << kLeafBits;

    struct Leaf {
        Entry entries[kLeafEntries];
    };

    Entry* entry_for(uintptr_t address) noexcept;
    static bool put(Entry& entry, Range range) noexcept;
    static void take_out(Entry& entry, Range range) noexcept;

    Leaf* root_[size_t{1} << (kAddressBits - kLeafReachBits)] = {};
};

}  // namespace dearth::hooks
