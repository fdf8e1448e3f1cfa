// Memory of the table; see the header.
#include "hooks/layers/ledger_table.h"

#include "hooks/base/mapped_pages.h"

namespace dearth::hooks {

namespace {
// Regions a domain can have, tried in turn: a target with a limited address space gets fewer. The
// first is 26 GiB of reserve, for 16 GiB of heap.
constexpr uint64_t kReserveRegions[] = {16384, 4096, 512, 64, 8};
constexpr uint64_t kFirstRegionCapacity = 64;
}  // namespace

bool LedgerTable::open() noexcept {
    if (reserve_ != nullptr) {
        return true;
    }
    regions_ = static_cast<Region*>(map_pages(kFirstRegionCapacity * sizeof(Region)));
    if (regions_ == nullptr) {
        return false;
    }
    region_capacity_ = kFirstRegionCapacity;
    for (const uint64_t count : kReserveRegions) {
        reserve_ = static_cast<unsigned char*>(reserve_pages(count * kRegionBytes));
        if (reserve_ != nullptr) {
            reserve_regions_ = count;
            return true;
        }
    }
    unmap_pages(regions_, kFirstRegionCapacity * sizeof(Region));
    regions_ = nullptr;
    region_capacity_ = 0;
    return false;
}

bool LedgerTable::grow_regions() noexcept {
    Region* old_regions = regions_;
    const uint64_t old_capacity = region_capacity_;
    auto* regions = static_cast<Region*>(map_pages(old_capacity * 2 * sizeof(Region)));
    if (regions == nullptr) {
        return false;
    }
    regions_ = regions;
    region_capacity_ = old_capacity * 2;
    for (uint64_t old_index = 0; old_index < old_capacity; ++old_index) {
        const Region& region = old_regions[old_index];
        if (region.records == nullptr) {
            continue;
        }
        uint64_t index = home_of(region.number);
        while (regions_[index].records != nullptr) {
            index = (index + 1) & (region_capacity_ - 1);
        }
        regions_[index] = region;
    }
    unmap_pages(old_regions, old_capacity * sizeof(Region));
    return true;
}

LedgerTable::Region* LedgerTable::find_region(uint64_t number) const noexcept {
    for (uint64_t index = home_of(number);; index = (index + 1) & (region_capacity_ - 1)) {
        Region& region = regions_[index];
        if (region.records == nullptr) {
            return nullptr;
        }
        if (region.number == number) {
            return &region;
        }
    }
}

void LedgerTable::read_extra(const Extra& extra, LedgerNode& node) noexcept {
    node.address += extra.packed & 15;
    node.size_bytes = extra.size_bytes;
    node.serial = extra.packed >> 16;
    node.place = static_cast<uint32_t>(extra.packed >> 4) % kPlacesMax;
    node.stack_id = extra.stack_id;
    node.freed_stack_id = extra.freed_stack_id;
}

void LedgerTable::write_extra(Extra& extra, const LedgerNode& node) noexcept {
    extra.size_bytes = node.size_bytes;
    extra.packed = node.serial << 16 | uint64_t{node.place % kPlacesMax} << 4 | (node.address & 15);
    extra.stack_id = node.stack_id;
    extra.freed_stack_id = 0;
}

LedgerTable::Region* LedgerTable::add_region(uint64_t address) noexcept {
    if (region_count_ == reserve_regions_ ||
        (region_count_ * 2 >= region_capacity_ && !grow_regions())) {
        return nullptr;
    }
    const uint64_t number = address >> kRegionShift;
    uint64_t index = home_of(number);
    while (regions_[index].records != nullptr) {
        index = (index + 1) & (region_capacity_ - 1);
    }
    Region& region = regions_[index];
    region.number = number;
    unsigned char* start = reserve_ + region_count_++ * kRegionBytes;
    region.records = reinterpret_cast<Record*>(start);
    region.extras = reinterpret_cast<Extra*>(start + kSlots * sizeof(Record));
    return &region;
}

}  // namespace dearth::hooks
