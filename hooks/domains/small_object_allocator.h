// Allocator of small objects: blocks of one size class lie side by side in pools of a page, pools
// in arenas of 256 KiB, taken whole from an arena allocator and given back whole when empty.
// Requests above DEARTH_SMALL_REQUEST_BYTES, and all requests while no arena is to be had, go to a
// larger allocator; whose block it is, is decided by its address alone.
// Scheme: V. Marangozov's small-object allocator for Python 2.3, as PEP 445 finds it.
// Not thread-safe: the object domain's callers serialize.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "hooks/domains/arena_map.h"

namespace dearth::hooks {

class SmallObjectAllocator {
public:
    /// Both tables are read at each use: replacing one takes effect at once.
    constexpr SmallObjectAllocator(const dearth_allocator& larger,
                                   const dearth_arena_allocator& arenas) noexcept
        : larger_(&larger), arenas_(&arenas) {}

    /// The table whose context this is. Its aligned form serves alignments above 16 from the
    /// larger allocator.
    dearth_allocator table() noexcept;

    void* allocate(size_t size_bytes) noexcept;
    void* allocate_zeroed(size_t count, size_t element_bytes) noexcept;
    void* allocate_aligned(size_t alignment, size_t size_bytes) noexcept;
    void* resize(void* block, size_t size_bytes) noexcept;
    void release(void* block) noexcept;

    /// Does the address lie in one of our pools? Any address may be asked about.
    bool owns(const void* block) const noexcept;
    size_t arena_count() const noexcept { return arena_count_; }

private:
    static constexpr size_t kClassBytes = 16;  // also the alignment that every block has
    static constexpr size_t kClassCount = DEARTH_SMALL_REQUEST_BYTES / kClassBytes;
    static constexpr size_t kPoolBytes = 4096;
    static constexpr uint32_t kPoolsMax = DEARTH_ARENA_BYTES / kPoolBytes;

    struct FreeBlock {
        FreeBlock* next;
    };
    struct Pool;
    struct Arena;

    static uint32_t class_of(size_t size_bytes) noexcept;
    static size_t class_bytes(uint32_t size_class) noexcept;
    static Pool* pool_of(void* block) noexcept;
    static bool is_full(const Pool& pool) noexcept;

    void* take_block(uint32_t size_class) noexcept;
    void give_block(void* block) noexcept;
    void link_pool(Pool* pool) noexcept;
    void unlink_pool(Pool* pool) noexcept;
    Pool* take_pool(uint32_t size_class) noexcept;
    void give_pool(Pool* pool) noexcept;
    void link_arena(Arena* arena) noexcept;
    void unlink_arena(Arena* arena) noexcept;
    Arena* take_arena() noexcept;
    void give_arena(Arena* arena) noexcept;
    Arena* take_descriptor() noexcept;

    const dearth_allocator* larger_;
    const dearth_arena_allocator* arenas_;
    Pool* partial_pools_[kClassCount] = {};  // pools with room, by size class
    Arena* arenas_by_room_[kPoolsMax] = {};  // [n - 1]: arenas with n pools to spare
    uint64_t rooms_ = 0;                     // bit n - 1: that list is not empty
    Arena* free_descriptors_ = nullptr;
    size_t arena_count_ = 0;
    ArenaMap map_;

    static_assert(kPoolsMax == 64, "one bit of rooms_ each");
};

}  // namespace dearth::hooks
