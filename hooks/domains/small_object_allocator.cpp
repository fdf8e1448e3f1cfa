// See the header. State stays consistent across calls to the arena allocator and to the larger
// one: both are somebody else's code.
#include "hooks/domains/small_object_allocator.h"

#include <errno.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/errno_saver.h"
#include "hooks/base/mapped_pages.h"

namespace dearth::hooks {

// Stands at the start of its page, before the blocks.
struct alignas(16) SmallObjectAllocator::Pool {
    FreeBlock* free_blocks;  // given back since the pool was taken
    Pool* next;              // in partial_pools_, or among an arena's free pools
    Pool* previous;
    Arena* arena;
    uint32_t used_blocks;
    uint32_t size_class;
    uint32_t untouched_offset;  // where the blocks begin that were never handed out
};

// Outside the arena: its pages are all for pools, and may be given back under us.
struct SmallObjectAllocator::Arena {
    void* base;            // as the arena allocator gave it
    uintptr_t first_pool;  // the first page boundary in it
    uintptr_t end_of_pools;
    uint32_t pool_count;  // one less than kPoolsMax when the base is on no page boundary
    uint32_t room;        // pools to spare, given back or never taken
    uint32_t untouched;   // of those, never taken: the last ones of the arena
    Pool* free_pools;
    Arena* next;  // in arenas_by_room_, or among free descriptors
    Arena* previous;
};

namespace {

SmallObjectAllocator& self_of(void* ctx) noexcept {
    return *static_cast<SmallObjectAllocator*>(ctx);
}

void* small_malloc(void* ctx, size_t size_bytes) noexcept {
    return self_of(ctx).allocate(size_bytes);
}
void* small_calloc(void* ctx, size_t count, size_t element_bytes) noexcept {
    return self_of(ctx).allocate_zeroed(count, element_bytes);
}
void* small_realloc(void* ctx, void* block, size_t size_bytes) noexcept {
    return self_of(ctx).resize(block, size_bytes);
}
void small_free(void* ctx, void* block) noexcept {
    self_of(ctx).release(block);
}
void* small_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) noexcept {
    return self_of(ctx).allocate_aligned(alignment, size_bytes);
}

}  // namespace

dearth_allocator SmallObjectAllocator::table() noexcept {
    // No block_size: a pool knows the size class, not what was asked for.
    return dearth_allocator{this,       small_malloc,        small_calloc, small_realloc,
                            small_free, small_aligned_alloc, nullptr};
}

uint32_t SmallObjectAllocator::class_of(size_t size_bytes) noexcept {
    return size_bytes == 0 ? 0 : static_cast<uint32_t>((size_bytes - 1) / kClassBytes);
}

size_t SmallObjectAllocator::class_bytes(uint32_t size_class) noexcept {
    return (size_class + 1) * kClassBytes;
}

SmallObjectAllocator::Pool* SmallObjectAllocator::pool_of(void* block) noexcept {
    const size_t distance = reinterpret_cast<uintptr_t>(block) % kPoolBytes;
    return static_cast<Pool*>(static_cast<void*>(static_cast<char*>(block) - distance));
}

bool SmallObjectAllocator::is_full(const Pool& pool) noexcept {
    return pool.free_blocks == nullptr &&
           pool.untouched_offset + class_bytes(pool.size_class) > kPoolBytes;
}

bool SmallObjectAllocator::owns(const void* block) const noexcept {
    return map_.contains(reinterpret_cast<uintptr_t>(block));
}

void* SmallObjectAllocator::allocate(size_t size_bytes) noexcept {
    if (size_bytes <= DEARTH_SMALL_REQUEST_BYTES) {
        void* block = take_block(class_of(size_bytes));
        if (block != nullptr) {
            return block;
        }
    }
    return larger_->malloc(larger_->ctx, size_bytes);
}

void* SmallObjectAllocator::allocate_zeroed(size_t count, size_t element_bytes) noexcept {
    size_t size_bytes = 0;
    if (!multiply_sizes(count, element_bytes, size_bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    if (size_bytes <= DEARTH_SMALL_REQUEST_BYTES) {
        void* block = take_block(class_of(size_bytes));
        if (block != nullptr) {
            return __builtin_memset(block, 0, size_bytes);
        }
    }
    return larger_->calloc(larger_->ctx, count, element_bytes);
}

void* SmallObjectAllocator::allocate_aligned(size_t alignment, size_t size_bytes) noexcept {
    if (is_power_of_two(alignment) && alignment <= kClassBytes) {
        return allocate(size_bytes);
    }
    if (larger_->aligned_alloc == nullptr) {
        errno = ENOMEM;
        return nullptr;
    }
    return larger_->aligned_alloc(larger_->ctx, alignment, size_bytes);
}

void* SmallObjectAllocator::resize(void* block, size_t size_bytes) noexcept {
    if (block == nullptr) {
        return allocate(size_bytes);
    }
    if (!owns(block)) {
        // Stays there even when it shrinks below the threshold: we cannot know how many bytes of
        // it may be read, so we could not move it.
        return larger_->realloc(larger_->ctx, block, size_bytes);
    }
    const uint32_t size_class = pool_of(block)->size_class;
    const size_t room_bytes = class_bytes(size_class);
    const bool is_shrinking = size_bytes <= room_bytes;
    // Moving costs a copy; a quarter of a block is not worth it.
    if (is_shrinking && (class_of(size_bytes) == size_class || 4 * size_bytes > 3 * room_bytes)) {
        return block;
    }
    const int errno_before = errno;
    void* moved = allocate(size_bytes);
    if (moved == nullptr) {
        if (!is_shrinking) {
            return nullptr;
        }
        // A smaller block fits where it is.
        errno = errno_before;
        return block;
    }
    __builtin_memcpy(moved, block, is_shrinking ? size_bytes : room_bytes);
    give_block(block);
    return moved;
}

void SmallObjectAllocator::release(void* block) noexcept {
    if (block == nullptr) {
        return;
    }
    if (owns(block)) {
        give_block(block);
    } else {
        larger_->free(larger_->ctx, block);
    }
}

void* SmallObjectAllocator::take_block(uint32_t size_class) noexcept {
    Pool* pool = partial_pools_[size_class];
    if (pool == nullptr) {
        pool = take_pool(size_class);
        if (pool == nullptr) {
            return nullptr;
        }
        link_pool(pool);
    }
    void* block = pool->free_blocks;
    if (block != nullptr) {
        pool->free_blocks = pool->free_blocks->next;
    } else {
        block = reinterpret_cast<char*>(pool) + pool->untouched_offset;
        pool->untouched_offset += static_cast<uint32_t>(class_bytes(size_class));
    }
    ++pool->used_blocks;
    if (is_full(*pool)) {
        unlink_pool(pool);
    }
    return block;
}

void SmallObjectAllocator::give_block(void* block) noexcept {
    Pool* pool = pool_of(block);
    const bool was_full = is_full(*pool);
    auto* freed = static_cast<FreeBlock*>(block);
    freed->next = pool->free_blocks;
    pool->free_blocks = freed;
    --pool->used_blocks;
    if (was_full) {
        link_pool(pool);
    }
    if (pool->used_blocks == 0) {
        unlink_pool(pool);
        give_pool(pool);
    }
}

void SmallObjectAllocator::link_pool(Pool* pool) noexcept {
    Pool*& head = partial_pools_[pool->size_class];
    pool->previous = nullptr;
    pool->next = head;
    if (head != nullptr) {
        head->previous = pool;
    }
    head = pool;
}

void SmallObjectAllocator::unlink_pool(Pool* pool) noexcept {
    if (pool->next != nullptr) {
        pool->next->previous = pool->previous;
    }
    if (pool->previous != nullptr) {
        pool->previous->next = pool->next;
    } else {
        partial_pools_[pool->size_class] = pool->next;
    }
}

SmallObjectAllocator::Pool* SmallObjectAllocator::take_pool(uint32_t size_class) noexcept {
    Arena* arena = nullptr;
    if (rooms_ != 0) {
        // The fullest arena first: the others get a chance to become empty.
        arena = arenas_by_room_[__builtin_ctzll(rooms_)];
        unlink_arena(arena);
    } else {
        arena = take_arena();
        if (arena == nullptr) {
            return nullptr;
        }
    }
    Pool* pool = arena->free_pools;
    if (pool != nullptr) {
        arena->free_pools = pool->next;
    } else {
        const uintptr_t index = arena->pool_count - arena->untouched;
        pool = reinterpret_cast<Pool*>(arena->first_pool + index * kPoolBytes);
        --arena->untouched;
    }
    --arena->room;
    link_arena(arena);
    *pool = Pool{nullptr, nullptr, nullptr, arena, 0, size_class, sizeof(Pool)};
    return pool;
}

void SmallObjectAllocator::give_pool(Pool* pool) noexcept {
    Arena* arena = pool->arena;
    unlink_arena(arena);
    pool->next = arena->free_pools;
    arena->free_pools = pool;
    ++arena->room;
    if (arena->room == arena->pool_count) {
        give_arena(arena);
    } else {
        link_arena(arena);
    }
}

// An arena without room stands in no list.
void SmallObjectAllocator::link_arena(Arena* arena) noexcept {
    if (arena->room == 0) {
        return;
    }
    const uint32_t list = arena->room - 1;
    Arena*& head = arenas_by_room_[list];
    arena->previous = nullptr;
    arena->next = head;
    if (head != nullptr) {
        head->previous = arena;
    }
    head = arena;
    rooms_ |= uint64_t{1} << list;
}

void SmallObjectAllocator::unlink_arena(Arena* arena) noexcept {
    if (arena->room == 0) {
        return;
    }
    const uint32_t list = arena->room - 1;
    if (arena->next != nullptr) {
        arena->next->previous = arena->previous;
    }
    if (arena->previous != nullptr) {
        arena->previous->next = arena->next;
    } else {
        arenas_by_room_[list] = arena->next;
        if (arena->next == nullptr) {
            rooms_ &= ~(uint64_t{1} << list);
        }
    }
}

SmallObjectAllocator::Arena* SmallObjectAllocator::take_arena() noexcept {
    // Whether an arena was to be had is not the caller's affair: the request goes elsewhere.
    ErrnoSaver saver;
    Arena* arena = take_descriptor();
    if (arena == nullptr) {
        return nullptr;
    }
    void* base = arenas_->alloc(arenas_->ctx, DEARTH_ARENA_BYTES);
    if (base != nullptr) {
        const auto begin = reinterpret_cast<uintptr_t>(base);
        const uintptr_t first_pool = align_up(begin, kPoolBytes);
        const uintptr_t end_of_pools = (begin + DEARTH_ARENA_BYTES) / kPoolBytes * kPoolBytes;
        if (map_.add(first_pool, end_of_pools)) {
            const auto pool_count = static_cast<uint32_t>((end_of_pools - first_pool) / kPoolBytes);
            *arena = Arena{base,       first_pool, end_of_pools, pool_count, pool_count,
                           pool_count, nullptr,    nullptr,      nullptr};
            ++arena_count_;
            return arena;
        }
        arenas_->free(arenas_->ctx, base, DEARTH_ARENA_BYTES);
    }
    arena->next = free_descriptors_;
    free_descriptors_ = arena;
    return nullptr;
}

void SmallObjectAllocator::give_arena(Arena* arena) noexcept {
    ErrnoSaver saver;
    map_.remove(arena->first_pool, arena->end_of_pools);
    void* base = arena->base;
    arena->next = free_descriptors_;
    free_descriptors_ = arena;
    --arena_count_;
    arenas_->free(arenas_->ctx, base, DEARTH_ARENA_BYTES);
}

SmallObjectAllocator::Arena* SmallObjectAllocator::take_descriptor() noexcept {
    if (free_descriptors_ == nullptr) {
        auto* fresh = static_cast<Arena*>(map_pages(kPageBytes));
        for (size_t index = 0; fresh != nullptr && index < kPageBytes / sizeof(Arena); ++index) {
            fresh[index].next = free_descriptors_;
            free_descriptors_ = &fresh[index];
        }
    }
    Arena* arena = free_descriptors_;
    if (arena != nullptr) {
        free_descriptors_ = arena->next;
    }
    return arena;
}

}  // namespace dearth::hooks
