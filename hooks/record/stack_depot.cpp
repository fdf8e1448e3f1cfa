// Interned stacks in one growing arena, found by a chained hash; see the header.
#include "hooks/record/stack_depot.h"

#include <string.h>

#include "hooks/base/fork_locks.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/base/prng.h"
#include "hooks/base/spin_lock.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/module_table.h"

namespace dearth::hooks {

namespace {

// The header of an entry; `depth` frames follow it.
struct StackEntry {
    uint64_t raw_hash;
    uint64_t site;
    uint64_t selected_count;
    StackId next;  // in the bucket's chain; 0 ends it
    uint32_t depth;

    void** frames() noexcept { return reinterpret_cast<void**>(this + 1); }
};

// An id is the entry's place in the arena, in units of this many bytes.
constexpr size_t kIdUnit = 8;
static_assert(sizeof(StackEntry) % kIdUnit == 0, "entries follow each other without gaps");

// Tried in turn: a target with a limited address space gets a smaller arena rather than none.
constexpr size_t kArenaSizes[] = {size_t{256} << 20, size_t{32} << 20, size_t{4} << 20};
constexpr uint64_t kFirstBuckets = 4096;

struct Depot {
    unsigned char* arena;
    size_t arena_bytes;
    size_t used_bytes;
    StackId* buckets;
    uint64_t bucket_count;  // a power of two
    uint64_t stack_count;
    bool is_full;
    SpinLock lock;
};
constinit Depot depot = {};

StackEntry& entry_of(StackId id) noexcept {
    return *reinterpret_cast<StackEntry*>(depot.arena + size_t{id} * kIdUnit);
}

size_t entry_bytes(size_t depth) noexcept {
    return sizeof(StackEntry) + depth * sizeof(void*);
}

uint64_t hash_frames(void* const* frames, size_t depth) noexcept {
    // Two multiplications a frame would be spent on every request: one, and a strong end.
    uint64_t hash = depth;
    for (size_t index = 0; index < depth; ++index) {
        hash = (hash ^ reinterpret_cast<uint64_t>(frames[index])) * kGoldenStep;
        hash ^= hash >> 29;
    }
    return mix_bits(hash);
}

bool open_depot() noexcept {
    if (depot.arena != nullptr) {
        return true;
    }
    depot.buckets = static_cast<StackId*>(map_pages(kFirstBuckets * sizeof(StackId)));
    if (depot.buckets == nullptr) {
        return false;
    }
    depot.bucket_count = kFirstBuckets;
    for (const size_t bytes : kArenaSizes) {
        void* pages = reserve_pages(bytes);
        if (pages != nullptr) {
            depot.arena_bytes = bytes;
            depot.used_bytes = kIdUnit;  // no entry at offset 0: id 0 means none
            __atomic_store_n(&depot.arena, static_cast<unsigned char*>(pages), __ATOMIC_RELEASE);
            return true;
        }
    }
    unmap_pages(depot.buckets, kFirstBuckets * sizeof(StackId));
    depot.buckets = nullptr;
    return false;
}

StackId find_stack(uint64_t hash, void* const* frames, size_t depth) noexcept {
    StackId id = depot.buckets[hash & (depot.bucket_count - 1)];
    while (id != 0) {
        StackEntry& entry = entry_of(id);
        if (entry.raw_hash == hash && entry.depth == depth &&
            memcmp(entry.frames(), frames, depth * sizeof(void*)) == 0) {
            return id;
        }
        id = entry.next;
    }
    return 0;
}

void link_entry(StackId id) noexcept {
    StackEntry& entry = entry_of(id);
    StackId& bucket = depot.buckets[entry.raw_hash & (depot.bucket_count - 1)];
    entry.next = bucket;
    bucket = id;
}

// Longer chains are slow, not wrong: without pages for more buckets we go on.
void grow_buckets() noexcept {
    const uint64_t count = depot.bucket_count * 2;
    auto* buckets = static_cast<StackId*>(map_pages(count * sizeof(StackId)));
    if (buckets == nullptr) {
        return;
    }
    unmap_pages(depot.buckets, depot.bucket_count * sizeof(StackId));
    depot.buckets = buckets;
    depot.bucket_count = count;
    for (size_t offset = kIdUnit; offset < depot.used_bytes;) {
        const auto id = static_cast<StackId>(offset / kIdUnit);
        offset += entry_bytes(entry_of(id).depth);
        link_entry(id);
    }
}

StackId add_stack(uint64_t hash, uint64_t site, void* const* frames, size_t depth) noexcept {
    const size_t needed = entry_bytes(depth);
    if (depot.arena_bytes - depot.used_bytes < needed) {
        depot.is_full = true;
        return 0;
    }
    if (depot.stack_count >= depot.bucket_count) {
        grow_buckets();
    }
    const auto id = static_cast<StackId>(depot.used_bytes / kIdUnit);
    StackEntry& entry = entry_of(id);
    entry.raw_hash = hash;
    entry.site = site;
    entry.selected_count = 0;
    entry.depth = static_cast<uint32_t>(depth);
    memcpy(entry.frames(), frames, depth * sizeof(void*));
    link_entry(id);
    // Readers without the lock walk up to used_bytes: it moves last.
    __atomic_store_n(&depot.used_bytes, depot.used_bytes + needed, __ATOMIC_RELEASE);
    ++depot.stack_count;
    return id;
}

}  // namespace

// An address outside every module (generated code) counts as "somewhere": it differs between
// processes.
uint64_t frames_site(void* const* frames, size_t depth) noexcept {
    if (depth == 0) {
        return 0;
    }
    uint64_t hash = depth;
    for (size_t index = 0; index < depth; ++index) {
        const ModulePlace place = module_place_at(frames[index]);
        hash = mix_bits(hash ^ place.name_hash);
        // Where in an engine of ours a frame stands moves with every build of it, and says nothing
        // about the interpreter.
        hash = mix_bits(hash + (place.is_engine ? 0 : place.offset));
    }
    return hash == 0 ? 1 : hash;
}

StackId intern_stack(void* const* frames, size_t depth) noexcept {
    if (depth == 0) {
        return 0;
    }
    depth = depth < kDepotFramesMax ? depth : kDepotFramesMax;
    const uint64_t hash = hash_frames(frames, depth);
    if (__builtin_expect(__atomic_load_n(&depot.arena, __ATOMIC_ACQUIRE) == nullptr, 0)) {
        // Before the lock is held: fork takes the list's lock first.
        add_fork_lock(depot.lock, LockRank::kDepot);
    }
    {
        SpinLockScope scope(depot.lock);
        if (!open_depot()) {
            depot.is_full = true;
            return 0;
        }
        if (const StackId id = find_stack(hash, frames, depth); id != 0) {
            return id;
        }
    }
    // Outside the lock: naming modules may ask the loader, whose lock comes before ours.
    const uint64_t site = frames_site(frames, depth);
    SpinLockScope scope(depot.lock);
    const StackId id = find_stack(hash, frames, depth);
    return id != 0 ? id : add_stack(hash, site, frames, depth);
}

StackId intern_current_stack(const void* first_caller) noexcept {
    void* frames[kDepotFramesMax];
    return intern_stack(frames, capture(frames, kDepotFramesMax, first_caller));
}

uint64_t stack_site(StackId id) noexcept {
    return id == 0 ? 0 : entry_of(id).site;
}

size_t stack_frames(StackId id, void* const** frames) noexcept {
    if (id == 0) {
        return 0;
    }
    *frames = entry_of(id).frames();
    return entry_of(id).depth;
}

uint64_t stack_selected_count(StackId id) noexcept {
    return id == 0 ? 0 : __atomic_load_n(&entry_of(id).selected_count, __ATOMIC_RELAXED);
}

uint64_t count_selected(StackId id) noexcept {
    return id == 0 ? 0 : __atomic_add_fetch(&entry_of(id).selected_count, 1, __ATOMIC_RELAXED);
}

void reset_selected_counts() noexcept {
    for_each_stack(nullptr, [](void*, StackId id) {
        __atomic_store_n(&entry_of(id).selected_count, 0, __ATOMIC_RELAXED);
    });
}

uint64_t stack_depot_count() noexcept {
    return depot.stack_count;
}

bool stack_depot_is_full() noexcept {
    return depot.is_full;
}

void for_each_stack(void* ctx, void (*visit)(void* ctx, StackId id)) noexcept {
    const size_t end = __atomic_load_n(&depot.used_bytes, __ATOMIC_ACQUIRE);
    for (size_t offset = kIdUnit; offset < end;) {
        const auto id = static_cast<StackId>(offset / kIdUnit);
        offset += entry_bytes(entry_of(id).depth);
        visit(ctx, id);
    }
}

}  // namespace dearth::hooks
