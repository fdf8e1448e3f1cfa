// Which requests the page guard takes, what it holds back, and what it does when there is no room.
#include <errno.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <vector>

#include "hooks/layers/page_guard_layer.h"
#include "hooks/layers/page_guard_pool.h"
#include "tests/hooks/layers/page_guard_heap.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

using tests::options_of;
using tests::page_guard_options;
using tests::PageGuardHeap;
using tests::run_in_child;

TEST(PageGuardRoom, WithoutMemoryAReallocLeavesTheBlock) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 16));
        unsigned char* block = heap.make(100);
        std::memset(block, 7, 100);
        heap.fake.is_failing = true;
        EXPECT_EQ(heap.resize(block, size_t{1} << 40), nullptr);
        EXPECT_EQ(errno, ENOMEM);
        EXPECT_EQ(block[99], 7);
        heap.release(block);
        EXPECT_EQ(heap.slot.misuse_count, 0u);
        EXPECT_EQ(heap.make(SIZE_MAX / 2), nullptr);
        EXPECT_EQ(heap.make(SIZE_MAX - 100), nullptr);
    });
}

TEST(PageGuardRoom, WithNoRoomAnywhereABlockStillShrinksWhereItIs) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 16, DEARTH_PAGES_PROTECTION));
        unsigned char* block = heap.make(5000);
        std::memset(block, 7, 5000);
        heap.fake.is_failing = true;
        const PagePoolCounts empty = page_pool.counts();
        while (page_pool.counts().live < empty.capacity) {
            heap.make(1);
        }
        EXPECT_EQ(heap.resize(block, 6000), nullptr);
        ASSERT_EQ(heap.resize(block, 100), block);
        EXPECT_EQ(block[99], 7);
        EXPECT_EQ(page_guard_check(), 0u);
        block[100] = 7;
        EXPECT_EQ(page_guard_check(), 1u);
        ASSERT_EQ(heap.slot.misuse_count, 1u);
        EXPECT_EQ(heap.slot.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_OVERFLOW));
        EXPECT_EQ(heap.slot.misuses[0].distance_bytes, 0);
        heap.release(block);
        EXPECT_EQ(heap.slot.misuse_count, 1u);
    });
}

TEST(PageGuardRoom, BlocksOfAnySizeUpToTheLargestAreGuarded) {
    run_in_child([] {
        constexpr size_t kLargest = size_t{1} << 30;
        PageGuardHeap heap;
        for (size_t size_bytes = 1000; size_bytes < kLargest / 8; size_bytes = size_bytes * 3 / 2) {
            // Not filled: that would touch it all.
            auto* block = static_cast<unsigned char*>(heap.top.calloc(heap.top.ctx, 1, size_bytes));
            ASSERT_TRUE(page_guard_owns(block));
            block[0] = 1;
            block[size_bytes - 1] = 1;
            heap.release(block);
        }
        void* largest = heap.top.calloc(heap.top.ctx, 1, kLargest);
        EXPECT_TRUE(page_guard_owns(largest));
        EXPECT_EQ(heap.fake.requests, 0);
        EXPECT_EQ(heap.layer().unguarded, 0u);
        heap.fake.is_failing = true;
        EXPECT_EQ(heap.make(kLargest + 1), nullptr);
        EXPECT_EQ(heap.fake.requests, 1) << "the layer beneath decides";
        EXPECT_EQ(heap.layer().unguarded, 1u);
        heap.release(largest);
        EXPECT_EQ(heap.slot.misuse_count, 0u);
    });
}

TEST(PageGuardRoom, HeldBlocksComeBackInOrderAndNotBefore) {
    run_in_child([] {
        dearth_layer_options options = page_guard_options();
        options.page_guard_held_blocks = 40;
        options.page_guard_held_bytes = 1000;
        PageGuardHeap heap(options);
        std::vector<unsigned char*> freed;
        for (int index = 0; index < 200; ++index) {
            unsigned char* block = heap.make(100);
            for (size_t back = 0; back < freed.size() && back < 10; ++back) {
                ASSERT_NE(block, freed[freed.size() - 1 - back]) << "held by its bytes";
            }
            heap.release(block);
            freed.push_back(block);
        }
        EXPECT_EQ(page_pool.counts().held, 10u);
        EXPECT_EQ(page_pool.counts().held_bytes, 1000u);
        EXPECT_EQ(page_pool.counts().live, 0u);
        for (int index = 0; index < 200; ++index) {
            heap.release(heap.make(1));
        }
        EXPECT_EQ(page_pool.counts().held, 40u) << "held by their number";
    });
}

TEST(PageGuardRoom, ASampleTakesOneOfEachRunAndAlwaysTheSame) {
    run_in_child([] {
        constexpr uint32_t kEvery = 50;
        constexpr uint64_t kRequests = 5000;
        dearth_layer_options options = page_guard_options();
        options.page_guard_every = kEvery;
        std::vector<std::vector<uint64_t>> taken;
        for (const uint64_t seed : {1u, 1u, 2u}) {
            options.page_guard_seed = seed;
            PageGuardHeap heap(options);
            taken.emplace_back();
            for (uint64_t serial = 1; serial <= kRequests; ++serial) {
                unsigned char* block = heap.make(8);
                EXPECT_EQ(page_guard_owns(block), page_guard_is_sampled(heap.layer(), serial));
                if (page_guard_owns(block)) {
                    taken.back().push_back(serial);
                    EXPECT_EQ((serial - 1) / kEvery, taken.back().size() - 1);
                }
                heap.release(block);
            }
            EXPECT_EQ(taken.back().size(), kRequests / kEvery);
            EXPECT_EQ(static_cast<uint64_t>(heap.fake.requests), kRequests - kRequests / kEvery);
            EXPECT_EQ(heap.fake.frees, heap.fake.requests);
        }
        EXPECT_EQ(taken[0], taken[1]);
        EXPECT_NE(taken[0], taken[2]);
    });
}

TEST(PageGuardRoom, WithoutPagesEverythingGoesDown) {
    run_in_child([] {
        rlimit limit = {size_t{32} << 20, size_t{32} << 20};
        ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
        PageGuardHeap heap;
        EXPECT_EQ(page_pool.way(), DEARTH_PAGES_NONE);
        unsigned char* block = heap.make(10);
        EXPECT_FALSE(page_guard_owns(block));
        heap.release(heap.resize(block, 20));
        EXPECT_EQ(heap.fake.requests, 2);
        EXPECT_EQ(heap.fake.frees, 1);
    });
}

TEST(PageGuardRoom, WhereMappingsAreFewItGuardsAsManyAsItCanAndSaysHowManyNot) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 16, DEARTH_PAGES_PROTECTION));
        const uint64_t capacity = page_pool.counts().capacity;
        ASSERT_GT(capacity, 0u);
        ASSERT_LT(capacity * 2, mappings_max());
        std::vector<unsigned char*> blocks(capacity * 3);
        uint64_t guarded = 0;
        for (unsigned char*& block : blocks) {
            block = heap.make(32);
            ASSERT_NE(block, nullptr);
            guarded += page_guard_owns(block) ? 1 : 0;
        }
        EXPECT_EQ(guarded, page_pool.counts().live);
        EXPECT_GT(guarded, capacity / 2);
        EXPECT_LT(guarded, capacity) << "room is left for later blocks";
        EXPECT_EQ(heap.layer().unguarded, blocks.size() - guarded);
        for (unsigned char* block : blocks) {
            heap.release(block);
        }
        EXPECT_TRUE(page_guard_owns(heap.make(32))) << "freed blocks make room";
        EXPECT_EQ(heap.slot.misuse_count, 0u);
    });
}

}  // namespace
}  // namespace dearth::hooks
