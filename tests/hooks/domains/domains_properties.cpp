// The three domains against a model heap each, on arenas that count, misalign and run out.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "dearth/allocator.h"
#include "tests/hooks/domains/fake_arenas.h"
#include "tests/hooks/domains/heap_model.h"

namespace dearth::hooks {

namespace {

struct DomainHeap {
    void* (*malloc)(size_t);
    void* (*calloc)(size_t, size_t);
    void* (*realloc)(void*, size_t);
    void (*free)(void*);
};

std::vector<HeapModel<DomainHeap>> domain_heaps() {
    return {
        HeapModel(
            DomainHeap{dearth_raw_malloc, dearth_raw_calloc, dearth_raw_realloc, dearth_raw_free}),
        HeapModel(
            DomainHeap{dearth_mem_malloc, dearth_mem_calloc, dearth_mem_realloc, dearth_mem_free}),
        HeapModel(DomainHeap{dearth_object_malloc, dearth_object_calloc, dearth_object_realloc,
                             dearth_object_free}),
    };
}

// Puts the arenas of a test in place and the others back.
class ArenaScope {
public:
    explicit ArenaScope(FakeArenas& arenas) {
        dearth_get_arena_allocator(&before_);
        const dearth_arena_allocator table = arenas.table();
        dearth_set_arena_allocator(&table);
    }
    ~ArenaScope() { dearth_set_arena_allocator(&before_); }
    ArenaScope(const ArenaScope&) = delete;
    ArenaScope& operator=(const ArenaScope&) = delete;

private:
    dearth_arena_allocator before_;
};

RC_GTEST_PROP(Domains, BehaveLikeAModelHeap, ()) {
    FakeArenas arenas;
    arenas.misalignment =
        *rc::gen::oneOf(rc::gen::just<size_t>(0), rc::gen::inRange<size_t>(0, DEARTH_ARENA_BYTES));
    const ArenaScope scope(arenas);
    auto heaps = domain_heaps();
    for (const HeapStep& step : *any_heap_steps()) {
        heaps[step.domain].run(step);
    }
    for (auto& heap : heaps) {
        heap.free_all();
    }
    RC_ASSERT(arenas.live_count() == 0u);
}

RC_GTEST_PROP(Domains, BehaveLikeAModelHeapWhileArenasComeAndGo, ()) {
    FakeArenas arenas;
    const ArenaScope scope(arenas);
    auto heaps = domain_heaps();
    HeapModel<DomainHeap>& objects = heaps[DEARTH_DOMAIN_OBJECT];
    for (const HeapStep& step : *any_heap_steps()) {
        arenas.supply = step.pick % 3 == 0 ? 0 : -1;
        objects.run(step);
    }
    objects.free_all();
    RC_ASSERT(arenas.live_count() == 0u);
}

// Many blocks at once, so that arenas fill up, freed in an order that is not theirs.
RC_GTEST_PROP(Domains, GiveAllArenasBackWhateverTheOrder, ()) {
    FakeArenas arenas;
    arenas.misalignment = *rc::gen::inRange<size_t>(0, 8192);
    const ArenaScope scope(arenas);
    const auto sizes = *rc::gen::container<std::vector<size_t>>(3000, any_block_size());
    const auto stride = *rc::gen::elementOf(std::vector<size_t>{1, 7, 101, 1009, 2999});
    std::vector<unsigned char*> blocks;
    for (const size_t size : sizes) {
        blocks.push_back(static_cast<unsigned char*>(dearth_object_malloc(size)));
        std::memset(blocks.back(), static_cast<int>(blocks.size() % 251), size);
    }
    RC_ASSERT(arenas.live_count() >= 2u);
    for (size_t index = 0, at = 0; index < blocks.size(); ++index) {
        const size_t size = sizes[at];
        const auto expected = static_cast<unsigned char>((at + 1) % 251);
        RC_ASSERT((size == 0 || (blocks[at][0] == expected && blocks[at][size - 1] == expected)));
        dearth_object_free(blocks[at]);
        at = (at + stride) % blocks.size();
    }
    RC_ASSERT(arenas.live_count() == 0u);
}

}  // namespace

}  // namespace dearth::hooks
