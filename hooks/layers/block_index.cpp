// A natural merge sort, because blocks come in few ascending runs, and a page table; see the
// header.
#include "hooks/layers/block_index.h"

#include <string.h>

#include "hooks/base/mapped_pages.h"
#include "hooks/base/prng.h"

namespace dearth::hooks {

namespace {

// First place behind the ascending run that begins at `from`.
uint32_t end_of_run(const IndexedBlock* blocks, uint32_t from, uint32_t count) noexcept {
    uint32_t end = from < count ? from + 1 : count;
    while (end < count && blocks[end - 1].start <= blocks[end].start) {
        ++end;
    }
    return end;
}

void merge_runs(const IndexedBlock* left, size_t left_count, const IndexedBlock* right,
                size_t right_count, IndexedBlock* into) noexcept {
    while (left_count != 0 && right_count != 0) {
        const bool takes_left = left->start <= right->start;
        *into++ = takes_left ? *left : *right;
        left += takes_left ? 1 : 0;
        left_count -= takes_left ? 1 : 0;
        right += takes_left ? 0 : 1;
        right_count -= takes_left ? 0 : 1;
    }
    memcpy(into, left, left_count * sizeof(*into));
    memcpy(into + left_count, right, right_count * sizeof(*into));
}

// Merges neighbouring runs two by two; returns how many are left.
uint32_t merge_pass(const IndexedBlock* from, IndexedBlock* into, uint32_t count) noexcept {
    uint32_t runs = 0;
    for (uint32_t start = 0; start < count; ++runs) {
        const uint32_t middle = end_of_run(from, start, count);
        const uint32_t end = end_of_run(from, middle, count);
        merge_runs(from + start, middle - start, from + middle, end - middle, into + start);
        start = end;
    }
    return runs;
}

}  // namespace

BlockIndex::~BlockIndex() {
    unmap_pages(blocks_, blocks_bytes_);
    unmap_pages(regions_, region_capacity_ * sizeof(Region));
    unmap_pages(pages_, pages_bytes_);
}

bool BlockIndex::reserve(size_t blocks) noexcept {
    if (blocks >= kNone) {
        return false;
    }
    blocks_bytes_ = (blocks + 1) * sizeof(IndexedBlock);
    blocks_ = static_cast<IndexedBlock*>(map_pages(blocks_bytes_));
    return blocks_ != nullptr;
}

bool BlockIndex::sort() noexcept {
    if (end_of_run(blocks_, 0, count_) == count_) {
        return true;
    }
    auto* other = static_cast<IndexedBlock*>(map_pages(blocks_bytes_));
    if (other == nullptr) {
        return false;
    }
    for (uint32_t runs = 2; runs > 1;) {
        runs = merge_pass(blocks_, other, count_);
        IndexedBlock* sorted = other;
        other = blocks_;
        blocks_ = sorted;
    }
    unmap_pages(other, blocks_bytes_);
    return true;
}

size_t BlockIndex::count_regions() const noexcept {
    size_t regions = 0;
    uint64_t next = 0;  // the first one not counted yet
    for (uint32_t place = 0; place < count_; ++place) {
        const uint64_t first = blocks_[place].start / kRegion;
        const uint64_t last = (blocks_[place].start + reach_of(blocks_[place]) - 1) / kRegion;
        if (last >= next) {
            regions += last + 1 - (first > next ? first : next);
            next = last + 1;
        }
    }
    return regions;
}

BlockIndex::Region& BlockIndex::place_of(uint64_t number) const noexcept {
    const size_t mask = region_capacity_ - 1;
    size_t place = mix_bits(number) & mask;
    while (regions_[place].number_plus_one != 0 && regions_[place].number_plus_one != number + 1) {
        place = (place + 1) & mask;
    }
    return regions_[place];
}

const uint32_t* BlockIndex::pages_of(uintptr_t address) const noexcept {
    return place_of(address / kRegion).pages;
}

void BlockIndex::fill_pages(const IndexedBlock& block, uint32_t place, uint32_t*& unused) noexcept {
    const uint64_t last = (block.start + reach_of(block) - 1) / kPage;
    for (uint64_t page = block.start / kPage; page <= last; ++page) {
        Region& region = place_of(page / kPagesInRegion);
        if (region.pages == nullptr) {
            region = Region{page / kPagesInRegion + 1, unused};
            unused += kPagesInRegion;
        }
        uint32_t& first = region.pages[page % kPagesInRegion];
        first = first == 0 ? place + 1 : first;
    }
}

bool BlockIndex::map_pages_to_blocks() noexcept {
    if (count_ == 0) {
        return true;
    }
    const size_t regions = count_regions();
    for (region_capacity_ = 64; region_capacity_ < 2 * regions;) {
        region_capacity_ *= 2;
    }
    regions_ = static_cast<Region*>(map_pages(region_capacity_ * sizeof(Region)));
    pages_bytes_ = regions * kPagesInRegion * sizeof(uint32_t);
    pages_ = static_cast<uint32_t*>(map_pages(pages_bytes_));
    if (regions_ == nullptr || pages_ == nullptr) {
        return false;
    }
    uint32_t* unused = pages_;
    for (uint32_t place = 0; place < count_; ++place) {
        fill_pages(blocks_[place], place, unused);
    }
    const IndexedBlock& last = blocks_[count_ - 1];
    low_ = blocks_[0].start;
    span_ = last.start + reach_of(last) - low_;
    return true;
}

uint32_t BlockIndex::first_from(uintptr_t address) const noexcept {
    uint32_t low = 0;
    uint32_t high = count_;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (blocks_[middle].start < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t BlockIndex::find_from(uint32_t place, uintptr_t address) const noexcept {
    // Blocks start on 16 bytes at the closest: no more of them start in a page.
    const uint32_t end_max = place + kPage / 16 + 2;
    uint32_t low = place;
    uint32_t high = end_max < count_ ? end_max : count_;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (blocks_[middle].start <= address) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return address - blocks_[low].start < reach_of(blocks_[low]) ? low : kNone;
}

}  // namespace dearth::hooks
