// Blocks in order of address, for two questions: which block does an address lie in, and what lies
// between them. Built once, then only read; no block overlaps another for the first question, any
// may for the second. Memory: 32 bytes a block while it is built, 16 then, and 1 KiB for each MiB
// that blocks lie in. Not thread-safe.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

struct IndexedBlock {
    uintptr_t start;
    size_t size_bytes;
};

class BlockIndex {
public:
    static constexpr uint32_t kNone = UINT32_MAX;

    BlockIndex() noexcept = default;
    ~BlockIndex();
    BlockIndex(const BlockIndex&) = delete;
    BlockIndex& operator=(const BlockIndex&) = delete;

    /// Once. False: no pages.
    bool reserve(size_t blocks) noexcept;
    /// At most as many as were reserved.
    void add(uintptr_t start, size_t size_bytes) noexcept {
        blocks_[count_++] = IndexedBlock{start, size_bytes};
    }
    /// When all are added. False: no pages.
    bool sort() noexcept;
    /// After sort, for `find`. False: no pages.
    bool map_pages_to_blocks() noexcept;

    uint32_t count() const noexcept { return count_; }
    const IndexedBlock& at(uint32_t place) const noexcept { return blocks_[place]; }
    /// First block that starts at or behind the address; `count()`: none.
    uint32_t first_from(uintptr_t address) const noexcept;

    /// The block that the address points to: into it, to the start of an empty one, or behind one
    /// of eight bytes, which is where new[] of no elements with a cookie points.
    uint32_t find(uintptr_t address) const noexcept {
        if (address - low_ >= span_) {
            return kNone;
        }
        const uint32_t* pages = pages_of(address);
        const uint32_t first = pages == nullptr ? 0 : pages[address / kPage % kPagesInRegion];
        return first == 0 ? kNone : find_from(first - 1, address);
    }

private:
    static constexpr size_t kPage = 4096;
    static constexpr size_t kPagesInRegion = 256;
    static constexpr size_t kRegion = kPage * kPagesInRegion;

    /// How far a block is pointed to.
    static size_t reach_of(const IndexedBlock& block) noexcept {
        return block.size_bytes == 0 || block.size_bytes == 8 ? block.size_bytes + 1
                                                              : block.size_bytes;
    }

    struct Region {
        uint64_t number_plus_one;  ///< 0: free
        uint32_t* pages;           ///< 1 + the first block that reaches into each page; 0: none
    };

    const uint32_t* pages_of(uintptr_t address) const noexcept;
    Region& place_of(uint64_t number) const noexcept;
    uint32_t find_from(uint32_t place, uintptr_t address) const noexcept;
    size_t count_regions() const noexcept;
    void fill_pages(const IndexedBlock& block, uint32_t place, uint32_t*& unused) noexcept;

    IndexedBlock* blocks_ = nullptr;
    size_t blocks_bytes_ = 0;
    uint32_t count_ = 0;
    Region* regions_ = nullptr;
    size_t region_capacity_ = 0;  ///< a power of two
    uint32_t* pages_ = nullptr;
    size_t pages_bytes_ = 0;
    uintptr_t low_ = 0;
    uintptr_t span_ = 0;
};

}  // namespace dearth::hooks
