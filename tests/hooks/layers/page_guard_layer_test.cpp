// What the page guard sees, to the byte, on either side; where blocks lie; what it makes of wrong
// pointers. Faults happen in children.
#include "hooks/layers/page_guard_layer.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>

#include "hooks/layers/page_guard_pool.h"
#include "tests/hooks/layers/page_guard_fault.h"
#include "tests/hooks/layers/page_guard_heap.h"

namespace dearth::hooks {
namespace {

using tests::options_of;
using tests::page_fault_of;
using tests::page_guard_options;
using tests::PageFault;
using tests::PageGuardHeap;
using tests::run_in_child;

constexpr size_t kSizes[] = {1, 2, 7, 15, 16, 17, 50, 100, 4095, 4096, 4097, 12288, 20000};

void read_byte(const volatile unsigned char* byte) {
    static_cast<void>(*byte);
}

void expect_explained(const PageFault& fault, uint32_t kind, int64_t distance, size_t size_bytes) {
    ASSERT_TRUE(fault.was_caught);
    ASSERT_TRUE(fault.is_explained);
    EXPECT_EQ(fault.misuse.kind, kind);
    EXPECT_EQ(fault.misuse.distance_bytes, distance);
    EXPECT_EQ(fault.misuse.block_size_bytes, size_bytes);
    const uint64_t origin =
        fault.misuse.address + (kind == DEARTH_MISUSE_OVERFLOW ? size_bytes : 0);
    EXPECT_EQ(fault.address, origin + static_cast<uint64_t>(distance));
}

class EachWay : public ::testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(PageGuard, EachWay,
                         ::testing::Values(DEARTH_PAGES_ADVICE, DEARTH_PAGES_PROTECTION),
                         [](const auto& tested) {
                             return tested.param == DEARTH_PAGES_ADVICE ? "Advice" : "Protection";
                         });

// In a child, because the way is chosen once a process. An old kernel has no advice: AUTO then.
template <typename Body>
PageFault fault_on(uint32_t way, uint32_t side, uint32_t alignment, Body body) {
    return page_fault_of([&] {
        PageGuardHeap heap(options_of(side, alignment, way));
        if (way != DEARTH_PAGES_AUTO && page_pool.way() != way) {
            EXPECT_EQ(way, DEARTH_PAGES_ADVICE);  // an old kernel has none
            return;
        }
        body(heap);
    });
}

TEST_P(EachWay, TheFirstByteBehindAStrictBlockFaultsAndTheLastOneDoesNot) {
    for (const size_t size_bytes : kSizes) {
        SCOPED_TRACE(size_bytes);
        const auto touch_at = [&](size_t offset, bool is_write) {
            return fault_on(GetParam(), DEARTH_SIDE_REAR, 1, [&](PageGuardHeap& heap) {
                heap.make(33);
                unsigned char* block = heap.make(size_bytes);
                heap.make(33);
                read_byte(block);
                is_write ? void(block[offset] = 1) : read_byte(block + offset);
            });
        };
        expect_explained(touch_at(size_bytes, false), DEARTH_MISUSE_OVERFLOW, 0, size_bytes);
        expect_explained(touch_at(size_bytes + 3, true), DEARTH_MISUSE_OVERFLOW, 3, size_bytes);
        EXPECT_FALSE(touch_at(size_bytes - 1, true).was_caught);
    }
}

TEST_P(EachWay, TheLastByteInFrontOfABlockFaultsOnTheFrontSide) {
    for (const size_t size_bytes : kSizes) {
        SCOPED_TRACE(size_bytes);
        const auto touch_before = [&](size_t distance) {
            return fault_on(GetParam(), DEARTH_SIDE_FRONT, 16, [&](PageGuardHeap& heap) {
                heap.make(4096);
                unsigned char* block = heap.make(size_bytes);
                read_byte(block + size_bytes - 1);
                read_byte(block - distance);
            });
        };
        expect_explained(touch_before(1), DEARTH_MISUSE_UNDERFLOW, -1, size_bytes);
        EXPECT_FALSE(touch_before(0).was_caught);
    }
}

TEST_P(EachWay, AFreedBlockFaultsAtItsFirstAndItsLastByte) {
    for (const size_t size_bytes : kSizes) {
        SCOPED_TRACE(size_bytes);
        for (const size_t offset : {size_t{0}, size_bytes - 1}) {
            const PageFault fault =
                fault_on(GetParam(), DEARTH_SIDE_REAR, 16, [&](PageGuardHeap& heap) {
                    unsigned char* block = heap.make(size_bytes);
                    heap.release(block);
                    heap.make(size_bytes);
                    block[offset] = 1;
                });
            expect_explained(fault, DEARTH_MISUSE_USE_AFTER_FREE, static_cast<int64_t>(offset),
                             size_bytes);
        }
    }
}

TEST_P(EachWay, TheOldBlockOfAReallocFaults) {
    const PageFault fault = fault_on(GetParam(), DEARTH_SIDE_REAR, 16, [&](PageGuardHeap& heap) {
        unsigned char* block = heap.make(100);
        EXPECT_NE(heap.resize(block, 50), block);
        read_byte(block + 99);
    });
    expect_explained(fault, DEARTH_MISUSE_USE_AFTER_FREE, 99, 100);
}

TEST_P(EachWay, BlocksLieAsTheirAlignmentAsksAndReadAsNew) {
    run_in_child([&] {
        for (const uint32_t side : {DEARTH_SIDE_REAR, DEARTH_SIDE_FRONT}) {
            PageGuardHeap heap(options_of(side, 16, GetParam()));
            for (size_t alignment = 1; alignment <= size_t{1} << 18; alignment *= 2) {
                for (size_t size_bytes = 0; size_bytes < 70; ++size_bytes) {
                    unsigned char* block = heap.make_aligned(alignment, size_bytes);
                    ASSERT_NE(block, nullptr);
                    ASSERT_TRUE(page_guard_owns(block));
                    const size_t least = alignment < 16 ? 16 : alignment;
                    ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % least, 0u);
                    for (size_t index = 0; index < size_bytes; ++index) {
                        ASSERT_EQ(block[index], 0xCD);
                    }
                    heap.release(block);
                }
            }
            EXPECT_EQ(heap.slot.misuse_count, 0u);
            EXPECT_EQ(heap.fake.requests, 0);
        }
    });
}

TEST(PageGuardLayer, EveryAlignmentLeavesTheLeastGapItAllows) {
    run_in_child([] {
        for (const uint32_t alignment : {1u, 2u, 4u, 8u, 16u}) {
            PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, alignment));
            for (size_t size_bytes = 1; size_bytes <= 300; ++size_bytes) {
                unsigned char* block = heap.make(size_bytes);
                const auto address = reinterpret_cast<uintptr_t>(block);
                EXPECT_EQ(address % alignment, 0u);
                EXPECT_LT((0 - (address + size_bytes)) % kPageBytes, alignment);
                heap.release(block);
            }
        }
    });
}

TEST(PageGuardLayer, ABlockOfNoBytesFaultsAtItsAddress) {
    for (const uint32_t side : {DEARTH_SIDE_REAR, DEARTH_SIDE_FRONT}) {
        const PageFault fault = fault_on(DEARTH_PAGES_AUTO, side, 16, [&](PageGuardHeap& heap) {
            unsigned char* block = heap.make(0);
            EXPECT_NE(block, heap.make(0));
            read_byte(block);
        });
        expect_explained(fault, DEARTH_MISUSE_OVERFLOW, 0, 0);
    }
}

TEST(PageGuardLayer, AFaultElsewhereIsNotExplained) {
    run_in_child([] {
        dearth_misuse misuse = {};
        PageGuardHeap heap;
        unsigned char* block = heap.make(10);
        EXPECT_FALSE(page_guard_explain(0, misuse));
        EXPECT_FALSE(page_guard_explain(reinterpret_cast<uintptr_t>(&misuse), misuse));
        EXPECT_FALSE(page_guard_explain(reinterpret_cast<uintptr_t>(block), misuse));
        heap.release(block);
    });
}

// The far side, and the gap that alignment leaves: guard bytes, to the byte.
struct SlackCase {
    uint32_t side;
    size_t size_bytes;
    ptrdiff_t offset;  ///< of the byte that is changed, from the block's start
    uint32_t kind;
    int64_t distance;
};

TEST(PageGuardLayer, AWriteIntoTheSlackIsFoundAtFreeReallocAndOnDemandOnce) {
    run_in_child([] {
        const SlackCase cases[] = {
            {DEARTH_SIDE_REAR, 50, -1, DEARTH_MISUSE_UNDERFLOW, -1},
            {DEARTH_SIDE_REAR, 50, -4000, DEARTH_MISUSE_UNDERFLOW, -4000},
            {DEARTH_SIDE_REAR, 50, 50, DEARTH_MISUSE_OVERFLOW, 0},
            {DEARTH_SIDE_REAR, 50, 63, DEARTH_MISUSE_OVERFLOW, 13},
            {DEARTH_SIDE_REAR, 5000, -3000, DEARTH_MISUSE_UNDERFLOW, -3000},
            {DEARTH_SIDE_FRONT, 50, 50, DEARTH_MISUSE_OVERFLOW, 0},
            {DEARTH_SIDE_FRONT, 50, 4095, DEARTH_MISUSE_OVERFLOW, 4045},
            {DEARTH_SIDE_FRONT, 5000, 8191, DEARTH_MISUSE_OVERFLOW, 3191},
        };
        for (const SlackCase& tested : cases) {
            SCOPED_TRACE(tested.offset);
            PageGuardHeap heap(options_of(tested.side, 16));
            const auto expect_one = [&] {
                ASSERT_EQ(heap.slot.misuse_count, 1u);
                const dearth_misuse& misuse = heap.slot.misuses[0];
                EXPECT_EQ(misuse.kind, tested.kind);
                EXPECT_EQ(misuse.distance_bytes, tested.distance);
                EXPECT_EQ(misuse.changed_bytes, 1u);
                EXPECT_EQ(misuse.block_size_bytes, tested.size_bytes);
                heap.slot = {};
            };
            unsigned char* block = heap.make(tested.size_bytes);
            block[tested.offset] ^= 0x11;
            EXPECT_EQ(page_guard_check(), 1u);
            EXPECT_EQ(page_guard_check(), 0u);
            expect_one();
            block[tested.offset] ^= 0x11;
            block = heap.resize(block, tested.size_bytes);
            expect_one();
            block[tested.offset] ^= 0x11;
            heap.release(block);
            expect_one();
        }
    });
}

TEST(PageGuardLayer, WrongPointersAreReportedAndGoNowhere) {
    run_in_child([] {
        PageGuardHeap heap;
        PageGuardHeap other(page_guard_options(), DEARTH_DOMAIN_MEM);
        attach_slot(&heap.slot);
        const auto expect_kind = [&](uint32_t kind, size_t block_bytes) {
            ASSERT_EQ(heap.slot.misuse_count, 1u);
            EXPECT_EQ(heap.slot.misuses[0].kind, kind);
            EXPECT_EQ(heap.slot.misuses[0].block_size_bytes, block_bytes);
            heap.slot = {};
        };
        unsigned char* block = heap.make(100);
        heap.release(block + 16);
        expect_kind(DEARTH_MISUSE_INVALID_FREE, 100);
        heap.release(block + 1);
        expect_kind(DEARTH_MISUSE_INVALID_FREE, 100);
        errno = 0;
        EXPECT_EQ(heap.resize(block + 16, 10), nullptr);
        EXPECT_EQ(errno, ENOMEM);
        expect_kind(DEARTH_MISUSE_INVALID_FREE, 100);
        other.release(block);
        expect_kind(DEARTH_MISUSE_WRONG_DOMAIN, 100);
        heap.release(block);
        heap.release(block);
        expect_kind(DEARTH_MISUSE_DOUBLE_FREE, 100);
        EXPECT_EQ(heap.resize(block, 10), nullptr);
        expect_kind(DEARTH_MISUSE_DOUBLE_FREE, 100);
        EXPECT_EQ(heap.fake.frees, 0);
    });
}

TEST(PageGuardLayer, AForkedChildHasTheSameUnreadablePages) {
    run_in_child([] {
        PageGuardHeap heap(options_of(DEARTH_SIDE_REAR, 1));
        unsigned char* block = heap.make(10);
        unsigned char* freed = heap.make(10);
        heap.release(freed);
        expect_explained(page_fault_of([&] { read_byte(block + 10); }), DEARTH_MISUSE_OVERFLOW, 0,
                         10);
        expect_explained(page_fault_of([&] { read_byte(freed); }), DEARTH_MISUSE_USE_AFTER_FREE, 0,
                         10);
        EXPECT_FALSE(page_fault_of([&] { heap.release(block); }).was_caught);
        read_byte(block);
    });
}

}  // namespace
}  // namespace dearth::hooks
