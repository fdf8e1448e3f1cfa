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
    regions_ = map_regions(kFirstRegionCapacity);
    if (regions_ == nullptr) {
        return false;
    }
    region_mask_ = kFirstRegionCapacity - 1;
    for (const uint64_t count : kReserveRegions) {
        reserve_ = static_cast<unsigned char*>(reserve_pages(count * kRegionBytes));
        if (reserve_ != nullptr) {
            reserve_regions_ = count;
            return true;
        }
    }
    unmap_pages(regions_, kFirstRegionCapacity * sizeof(Region));
    regions_ = nullptr;
    region_mask_ = 0;
    return false;
}

LedgerTable::Region* LedgerTable::map_regions(uint64_t capacity) noexcept {
    auto* regions = static_cast<Region*>(map_pages(capacity * sizeof(Region)));
    for (uint64_t index = 0; regions != nullptr && index < capacity; ++index) {
        regions[index].number = kNoNumber;
    }
    return regions;
}

bool LedgerTable::grow_regions() noexcept {
    Region* old_regions = regions_;
    const uint64_t old_capacity = region_mask_ + 1;
    Region* regions = map_regions(old_capacity * 2);
    if (regions == nullptr) {
        return false;
    }
    regions_ = regions;
    region_mask_ = old_capacity * 2 - 1;
    for (uint64_t old_index = 0; old_index < old_capacity; ++old_index) {
        const Region& region = old_regions[old_index];
        if (region.number == kNoNumber) {
            continue;
        }
        uint64_t index = home_of(region.number);
        while (regions_[index].number != kNoNumber) {
            index = (index + 1) & region_mask_;
        }
        regions_[index] = region;
    }
    unmap_pages(old_regions, old_capacity * sizeof(Region));
    return true;
}

LedgerTable::Region* LedgerTable::find_region(uint64_t number) const noexcept {
    for (uint64_t index = home_of(number);; index = (index + 1) & region_mask_) {
        Region& region = regions_[index];
        if (region.number == kNoNumber) {
            return nullptr;
        }
        if (region.number == number) {
            return &region;
        }
    }
}

// One page used: perhaps a large block that lies alone. The second: the region fills up.
void LedgerTable::touch_page(Region& region, uint64_t page_bit) noexcept {
    const bool is_second = region.touched != 0 && (region.touched & (region.touched - 1)) == 0;
    region.touched |= page_bit;
    if (is_second) {
        populate_pages(region.records, kSlots * sizeof(Record));
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
        (region_count_ * 2 > region_mask_ && !grow_regions())) {
        return nullptr;
    }
    const uint64_t number = address >> kRegionShift;
    uint64_t index = home_of(number);
    while (regions_[index].number != kNoNumber) {
        index = (index + 1) & region_mask_;
    }
    Region& region = regions_[index];
    region.number = number;
    unsigned char* start = reserve_ + region_count_++ * kRegionBytes;
    region.records = reinterpret_cast<Record*>(start);
    region.extras = reinterpret_cast<Extra*>(start + kSlots * sizeof(Record));
    return &region;
}

}  // namespace dearth::hooks
