#include "hooks/layers/ledger_layer.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

#include "dearth/ledger.h"
#include "hooks/base/next_place.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/record/page_writer.h"
#include "tests/hooks/layers/fake_allocator.h"

namespace dearth::hooks {
namespace {

class LedgerLayerTest : public ::testing::Test {
protected:
    void SetUp() override {
        static LedgerLayer layers[2];  // their locks are on the fork list for good
        for (uint32_t index = 0; index < 2; ++index) {
            layers[index] = LedgerLayer{};
            ASSERT_TRUE(
                ledger_layer_open(layers[index], index, false, fake_.table(), tops_[index]));
        }
        layer_ = layers;
        attach_slot(&slot_);
        request_context.serial = 0;
        request_context.told_block = nullptr;
        request_context.op = DEARTH_OP_MALLOC;
    }
    void TearDown() override { attach_slot(nullptr); }

    void* make(size_t size_bytes, uint32_t domain = 0) {
        ++request_context.serial;
        return tops_[domain].malloc(tops_[domain].ctx, size_bytes);
    }
    void release(void* block, uint32_t domain = 0) { tops_[domain].free(tops_[domain].ctx, block); }
    uint32_t last_kind() {
        return slot_.misuse_count == 0 ? 0 : slot_.misuses[slot_.misuse_count - 1].kind;
    }

    tests::FakeAllocator fake_;
    LedgerLayer* layer_ = nullptr;
    dearth_allocator tops_[2] = {};
    dearth_trial_slot slot_ = {};
};

TEST_F(LedgerLayerTest, ADoubleFreeIsReportedAndNotPassedDown) {
    void* block = make(8);
    void* other = make(8);
    release(block);
    release(block);
    release(other);
    EXPECT_EQ(slot_.misuse_count, 1u);
    EXPECT_EQ(last_kind(), static_cast<uint32_t>(DEARTH_MISUSE_DOUBLE_FREE));
    EXPECT_EQ(fake_.frees, 2);
}

TEST_F(LedgerLayerTest, AnAddressInUseAgainMayBeFreedAgain) {
    for (int round = 0; round < 5; ++round) {
        release(make(24));
    }
    EXPECT_EQ(slot_.misuse_count, 0u);
}

TEST_F(LedgerLayerTest, ForeignAndInteriorPointersAreInvalid) {
    auto* block = static_cast<char*>(make(64));
    release(block + 16);
    EXPECT_EQ(last_kind(), static_cast<uint32_t>(DEARTH_MISUSE_INVALID_FREE));
    int local = 0;
    release(&local);
    EXPECT_EQ(tops_[0].realloc(tops_[0].ctx, &local, 8), nullptr);
    EXPECT_EQ(slot_.misuse_count, 3u);
    EXPECT_EQ(fake_.frees, 0);
    release(block);
    EXPECT_EQ(slot_.misuse_count, 3u);
}

TEST_F(LedgerLayerTest, ABlockOfAnotherDomainIsNamedAsSuch) {
    void* block = make(8, 1);
    release(block, 0);
    ASSERT_EQ(slot_.misuse_count, 1u);
    EXPECT_EQ(slot_.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_WRONG_DOMAIN));
    EXPECT_EQ(slot_.misuses[0].domain, 0u);
    EXPECT_EQ(slot_.misuses[0].block_domain, 1u);
    release(block, 1);
    EXPECT_EQ(slot_.misuse_count, 1u);
}

TEST_F(LedgerLayerTest, AToldSizeMustBeTheRecordedOne) {
    void* block = make(100);
    request_context.told_block = block;
    request_context.told_domain = 0;
    request_context.told_bytes = 100;
    block = tops_[0].realloc(tops_[0].ctx, block, 40);
    EXPECT_EQ(slot_.misuse_count, 0u);
    request_context.told_block = block;
    request_context.told_bytes = 100;
    release(block);
    ASSERT_EQ(slot_.misuse_count, 1u);
    EXPECT_EQ(slot_.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_MISMATCHED_FREE));
    EXPECT_EQ(slot_.misuses[0].told_size_bytes, 100u);
    EXPECT_EQ(slot_.misuses[0].block_size_bytes, 40u);
    EXPECT_EQ(fake_.frees, 1) << "the block is freed all the same";
}

TEST_F(LedgerLayerTest, FailedReallocKeepsTheBlockOnTheBooks) {
    void* block = make(10);
    const HeapTotals before = read_heap_totals();
    fake_.is_failing = true;
    errno = 0;
    EXPECT_EQ(tops_[0].realloc(tops_[0].ctx, block, 1000), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(read_heap_totals().live_bytes, before.live_bytes);
    EXPECT_EQ(tops_[0].block_size(tops_[0].ctx, block), 10u);
    fake_.is_failing = false;
    release(block);
    EXPECT_EQ(slot_.misuse_count, 0u);
}

TEST_F(LedgerLayerTest, TotalsFollowEveryOperation) {
    const HeapTotals before = read_heap_totals();
    void* one = make(10);
    auto* two = tops_[1].calloc(tops_[1].ctx, 3, 7);
    EXPECT_EQ(read_heap_totals().live_blocks - before.live_blocks, 2u);
    EXPECT_EQ(read_heap_totals().live_bytes - before.live_bytes, 31u);
    one = tops_[0].realloc(tops_[0].ctx, one, 100);
    EXPECT_EQ(read_heap_totals().live_bytes - before.live_bytes, 121u);
    release(one);
    release(two, 1);
    EXPECT_EQ(read_heap_totals().live_bytes, before.live_bytes);
    EXPECT_EQ(read_heap_totals().live_blocks, before.live_blocks);
    EXPECT_GE(read_heap_totals().peak_bytes, before.live_bytes + 121);
}

TEST_F(LedgerLayerTest, LeftoversAreSummedBySiteAndDomainSinceAMark) {
    void* old = make(1000);
    const dearth_snapshot mark = request_context.serial;
    std::vector<void*> blocks;
    for (int index = 0; index < 5; ++index) {
        blocks.push_back(make(10));
        blocks.push_back(make(20, 1));
    }
    dearth_leftover leftovers[4] = {};
    ASSERT_EQ(ledger_leftovers(mark, nullptr, leftovers, 4), 2u);
    EXPECT_EQ(leftovers[0].domain, 0u);
    EXPECT_EQ(leftovers[0].blocks, 5u);
    EXPECT_EQ(leftovers[0].bytes, 50u);
    EXPECT_EQ(leftovers[1].domain, 1u);
    EXPECT_EQ(leftovers[1].bytes, 100u);
    EXPECT_EQ(ledger_leftovers(0, nullptr, nullptr, 0), 2u);
    dearth_leak_site sites[1] = {};
    EXPECT_EQ(dearth_difference(mark, sites, 1), 2u);
    EXPECT_EQ(sites[0].bytes, 100u) << "the largest first";
    release(old);
    for (size_t index = 0; index < blocks.size(); ++index) {
        release(blocks[index], index % 2);
    }
    EXPECT_EQ(ledger_leftovers(0, nullptr, leftovers, 4), 0u);
}

TEST_F(LedgerLayerTest, FindsBlocksByAnyAddressInThem) {
    auto* block = static_cast<char*>(make(64));
    dearth_block_facts facts = {};
    EXPECT_EQ(dearth_find_block(block + 63, &facts), 1);
    EXPECT_EQ(facts.block, block);
    EXPECT_EQ(facts.size_bytes, 64u);
    EXPECT_EQ(facts.serial, request_context.serial);
    EXPECT_EQ(dearth_find_block(block + 64, &facts), 0);
    EXPECT_EQ(dearth_find_block(nullptr, &facts), 0);
    release(block);
    EXPECT_EQ(dearth_find_block(block, &facts), 0);
}

TEST_F(LedgerLayerTest, PlaceOfTheRequestStandsInTheReport) {
    set_next_place("some/file.c", 12);
    void* block = make(8);
    EXPECT_EQ(next_place.file, nullptr);
    request_context.told_block = block;
    request_context.told_domain = 0;
    request_context.told_bytes = 9;
    release(block);
    EXPECT_STREQ(slot_.misuses[0].place, "some/file.c:12");
}

TEST_F(LedgerLayerTest, ForeignBlocksPassWhenSoConfigured) {
    static LedgerLayer tolerant;
    tolerant = LedgerLayer{};
    dearth_allocator top = {};
    ASSERT_TRUE(ledger_layer_open(tolerant, 2, true, fake_.table(), top));
    top.free(top.ctx, std::malloc(8));
    void* moved = top.realloc(top.ctx, std::malloc(8), 100);
    ASSERT_NE(moved, nullptr);
    top.free(top.ctx, moved);
    EXPECT_EQ(fake_.frees, 2);
    EXPECT_EQ(slot_.misuse_count, 0u);
}

TEST_F(LedgerLayerTest, WalkVisitsEveryLiveBlockOnce) {
    std::set<void*> made;
    std::vector<void*> blocks;
    for (uint32_t index = 0; index < 100; ++index) {
        blocks.push_back(make(index, index % 2));
        made.insert(blocks.back());
    }
    std::set<void*> walked;
    ledger_walk(&walked, [](void* ctx, const LiveBlock& block) {
        EXPECT_TRUE(static_cast<std::set<void*>*>(ctx)->insert(block.block).second);
    });
    EXPECT_EQ(walked, made);
    for (uint32_t index = 0; index < 100; ++index) {
        release(blocks[index], index % 2);
    }
}

}  // namespace
}  // namespace dearth::hooks
