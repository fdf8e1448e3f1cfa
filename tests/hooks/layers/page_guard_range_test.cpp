// Ranges that somebody else is to touch, the kernel above all: where the page guard would stop it.
// In children: the pool is one for the process, and other tests want it untouched.
#include <gtest/gtest.h>

#include "hooks/layers/page_guard_explain.h"
#include "tests/hooks/layers/page_guard_heap.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

using tests::options_of;
using tests::PageGuardHeap;
using tests::run_in_child;

uintptr_t number(const void* address) {
    return reinterpret_cast<uintptr_t>(address);
}

TEST(PageGuardRange, WithinABlockNothingIsClosed) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 1));
        for (const size_t size_bytes : {size_t{1}, size_t{100}, kPageBytes, 3 * kPageBytes + 5}) {
            unsigned char* block = heap.make(size_bytes);
            EXPECT_EQ(page_guard_closed_byte(number(block), size_bytes), 0u);
            EXPECT_EQ(page_guard_closed_byte(number(block), 0), 0u);
            heap.release(block);
        }
    });
}

TEST(PageGuardRange, BehindABlockTheFirstByteBeyondIsClosed) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 1));
        for (const size_t size_bytes : {size_t{1}, size_t{100}, kPageBytes, 3 * kPageBytes + 5}) {
            unsigned char* block = heap.make(size_bytes);
            for (const size_t beyond : {size_t{1}, size_t{16}, kPageBytes, 5 * kPageBytes}) {
                EXPECT_EQ(page_guard_closed_byte(number(block), size_bytes + beyond),
                          number(block) + size_bytes);
            }
            heap.release(block);
        }
    });
}

TEST(PageGuardRange, InFrontOfABlockTheFirstByteIsClosed) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_FRONT, 16));
        unsigned char* block = heap.make(40);
        for (const size_t beyond : {size_t{1}, size_t{16}, size_t{200}}) {
            EXPECT_EQ(page_guard_closed_byte(number(block) - beyond, 40 + beyond),
                      number(block) - beyond);
        }
        heap.release(block);
    });
}

TEST(PageGuardRange, AFreedBlockIsClosedFromItsStart) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 1));
        unsigned char* block = heap.make(40);
        heap.release(block);
        EXPECT_EQ(page_guard_closed_byte(number(block), 1), number(block));
        EXPECT_EQ(page_guard_closed_byte(number(block) + 8, 100), number(block) + 8);
    });
}

// The fault's explanation and the range agree on whose byte it is.
TEST(PageGuardRange, TheClosedByteIsExplained) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 1));
        unsigned char* block = heap.make(40);
        dearth_misuse misuse = {};
        EXPECT_TRUE(page_guard_explain(page_guard_closed_byte(number(block), 50), misuse));
        EXPECT_EQ(misuse.kind, static_cast<uint32_t>(DEARTH_MISUSE_OVERFLOW));
        EXPECT_EQ(misuse.address, number(block));
        EXPECT_EQ(misuse.distance_bytes, 0);
        heap.release(block);
    });
}

TEST(PageGuardRange, OnlyThePoolIsLookedAt) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 1));
        unsigned char* block = heap.make(40);
        EXPECT_TRUE(page_guard_may_hold(block));
        EXPECT_FALSE(page_guard_may_hold(&heap));
        heap.release(block);
    });
}

}  // namespace
}  // namespace dearth::hooks
