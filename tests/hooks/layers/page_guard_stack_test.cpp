// The page guard in the whole stack: beside ledger, guards and quarantine, with stacks, sampled.
#include <errno.h>
#include <gtest/gtest.h>

#include "hooks/layers/page_guard_layer.h"
#include "tests/hooks/layers/page_guard_fault.h"
#include "tests/hooks/layers/started_stack.h"

namespace dearth::hooks {
namespace {

using tests::page_fault_of;
using tests::PageFault;
using tests::run_in_child;
using tests::StartedStack;

constexpr uint32_t kWithStacks = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER |
                                 DEARTH_LAYER_PAGE_GUARD | DEARTH_LAYER_STACKS |
                                 DEARTH_LAYER_FREE_STACKS;

dearth_page_guard_facts facts() {
    dearth_page_guard_facts read = {};
    dearth_page_guard_read_facts(&read);
    return read;
}

TEST(PageGuardStack, RefusesWhatIsOutOfRange) {
    run_in_child([] {
        const auto expect_refused = [](auto change) {
            dearth_layer_options options = tests::options_with(DEARTH_LAYER_PAGE_GUARD);
            change(options);
            errno = 0;
            EXPECT_EQ(dearth_start(&options, nullptr), -1);
            EXPECT_EQ(errno, EINVAL);
        };
        expect_refused([](dearth_layer_options& options) { options.page_guard_side = 2; });
        expect_refused([](dearth_layer_options& options) { options.page_guard_way = 3; });
        expect_refused([](dearth_layer_options& options) { options.page_guard_alignment = 3; });
        expect_refused([](dearth_layer_options& options) { options.page_guard_alignment = 32; });
        expect_refused([](dearth_layer_options& options) { options.forbidden_byte = 256; });
        EXPECT_EQ(facts().way, static_cast<uint32_t>(DEARTH_PAGES_AUTO));
    });
}

TEST(PageGuardStack, AFaultNamesTheStacksThatMadeAndFreedTheBlock) {
    const PageFault fault = page_fault_of([] {
        StartedStack stack(kWithStacks);
        stack.make(10);
        unsigned char* block = stack.make(100);
        stack.release(block);
        block[7] = 1;
    });
    ASSERT_TRUE(fault.is_explained);
    EXPECT_EQ(fault.misuse.kind, static_cast<uint32_t>(DEARTH_MISUSE_USE_AFTER_FREE));
    EXPECT_EQ(fault.misuse.distance_bytes, 7);
    EXPECT_EQ(fault.misuse.serial, 2u);
    EXPECT_GT(fault.misuse.allocated.depth, 0u);
    EXPECT_GT(fault.misuse.freed.depth, 0u);
    EXPECT_NE(fault.misuse.freed.site, fault.misuse.allocated.site);
}

TEST(PageGuardStack, ALiveBlockWasFreedByNobody) {
    const PageFault fault = page_fault_of([] {
        StartedStack stack(kWithStacks);
        for (int round = 0; round < 100000; ++round) {
            stack.release(stack.make(64));
        }
        stack.make(64)[64] = 1;
    });
    ASSERT_TRUE(fault.is_explained);
    EXPECT_EQ(fault.misuse.kind, static_cast<uint32_t>(DEARTH_MISUSE_OVERFLOW));
    EXPECT_EQ(fault.misuse.serial, 100001u);
    EXPECT_EQ(fault.misuse.freed.depth, 0u);
}

TEST(PageGuardStack, WithoutStacksOfFreesNobodyIsBlamed) {
    const PageFault fault = page_fault_of([] {
        StartedStack stack(kWithStacks & ~uint32_t{DEARTH_LAYER_FREE_STACKS});
        unsigned char* block = stack.make(100);
        stack.release(block);
        block[7] = 1;
    });
    ASSERT_TRUE(fault.is_explained);
    EXPECT_GT(fault.misuse.allocated.depth, 0u);
    EXPECT_EQ(fault.misuse.freed.depth, 0u);
}

TEST(PageGuardStack, TheLedgerJudgesPointersAndKnowsWhatLeaks) {
    run_in_child([] {
        StartedStack stack(kWithStacks);
        unsigned char* block = stack.make(100);
        stack.release(block + 16);
        ASSERT_EQ(stack.slot.misuse_count, 1u);
        EXPECT_EQ(stack.slot.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_INVALID_FREE));
        stack.release(block);
        stack.release(block);
        ASSERT_EQ(stack.slot.misuse_count, 2u);
        EXPECT_EQ(stack.slot.misuses[1].kind, static_cast<uint32_t>(DEARTH_MISUSE_DOUBLE_FREE));
        EXPECT_EQ(stack.slot.misuses[1].block_size_bytes, 100u);
        stack.make(77);
        dearth_counters counters = {};
        dearth_read_counters(&counters);
        EXPECT_EQ(counters.live_blocks, 1u);
        EXPECT_EQ(counters.live_bytes, 77u);
    });
}

TEST(PageGuardStack, ASweepChecksBlocksOfBothKinds) {
    run_in_child([] {
        dearth_layer_options options =
            tests::options_with(tests::kEveryLayer | DEARTH_LAYER_PAGE_GUARD);
        options.page_guard_every = 2;
        ASSERT_EQ(dearth_start(&options, nullptr), 0);
        StartedStack stack(tests::kEveryLayer);
        unsigned char* guarded = nullptr;
        unsigned char* sampled = nullptr;
        while (guarded == nullptr || sampled == nullptr) {
            unsigned char* block = stack.make(50);
            (page_guard_owns(block) ? sampled : guarded) = block;
        }
        EXPECT_EQ(dearth_check_blocks(), 0u);
        guarded[50] = 1;
        sampled[50] = 1;
        EXPECT_EQ(dearth_check_blocks(), 2u);
        EXPECT_EQ(stack.slot.misuse_count, 2u);
        EXPECT_EQ(dearth_check_blocks(), 0u);
    });
}

TEST(PageGuardStack, AReallocMayBringABlockUp) {
    run_in_child([] {
        dearth_layer_options options = tests::options_with(kWithStacks);
        options.page_guard_every = 3;
        ASSERT_EQ(dearth_start(&options, nullptr), 0);
        StartedStack stack(kWithStacks);
        unsigned char* block = stack.make(1);
        while (page_guard_owns(block)) {
            block = stack.make(1);
        }
        block[0] = 42;
        for (size_t size_bytes = 2; size_bytes <= 8; ++size_bytes) {
            block = stack.resize(block, size_bytes);
            ASSERT_EQ(block[0], 42);
        }
        EXPECT_TRUE(page_guard_owns(block));
        EXPECT_EQ(facts().unguarded, 0u);
        stack.release(block);
        EXPECT_EQ(stack.slot.misuse_count, 0u);
    });
}

}  // namespace
}  // namespace dearth::hooks
