// See the header. An arena that reaches into the next entry stands in both.
#include "hooks/domains/arena_map.h"

#include "hooks/base/mapped_pages.h"

namespace dearth::hooks {

ArenaMap::Entry* ArenaMap::entry_for(uintptr_t address) noexcept {
    Leaf*& leaf = root_[address >> kLeafReachBits];
    if (leaf == nullptr) {
        leaf = static_cast<Leaf*>(reserve_pages(sizeof(Leaf)));
    }
    return leaf == nullptr ? nullptr : &leaf->entries[(address >> kEntryReachBits) % kLeafEntries];
}

bool ArenaMap::put(Entry& entry, Range range) noexcept {
    Range& place = entry.first.end == 0 ? entry.first : entry.second;
    if (place.end != 0) {
        return false;
    }
    place = range;
    return true;
}

void ArenaMap::take_out(Entry& entry, Range range) noexcept {
    Range& place = entry.first.begin == range.begin ? entry.first : entry.second;
    if (place.begin == range.begin) {
        place = {};
    }
}

bool ArenaMap::add(uintptr_t begin, uintptr_t end) noexcept {
    if (end > kAddressEnd || begin >= end) {
        return false;
    }
    // An arena that somebody hands out twice would be carved twice.
    if (contains(begin) || contains(end - 1)) {
        return false;
    }
    Entry* const head = entry_for(begin);
    Entry* const tail = entry_for(end - 1);
    if (head == nullptr || tail == nullptr || !put(*head, Range{begin, end})) {
        return false;
    }
    if (tail != head && !put(*tail, Range{begin, end})) {
        take_out(*head, Range{begin, end});
        return false;
    }
    return true;
}

void ArenaMap::remove(uintptr_t begin, uintptr_t end) noexcept {
    Entry* const head = entry_for(begin);
    Entry* const tail = entry_for(end - 1);
    if (head == nullptr || tail == nullptr) {
        return;
    }
    take_out(*head, Range{begin, end});
    if (tail != head) {
        take_out(*tail, Range{begin, end});
    }
}

}  // namespace dearth::hooks
