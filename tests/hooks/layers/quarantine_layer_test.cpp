#include "hooks/layers/quarantine_layer.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>

#include "hooks/record/page_writer.h"
#include "tests/hooks/layers/fake_allocator.h"

namespace dearth::hooks {
namespace {

class QuarantineLayerTest : public ::testing::Test {
protected:
    void open(uint64_t limit_bytes) {
        static QuarantineLayer layer;  // its lock is on the fork list for good
        layer = QuarantineLayer{};
        layer_ = &layer;
        ASSERT_TRUE(quarantine_layer_open(layer, DEARTH_DOMAIN_RAW, limit_bytes, 0xDD,
                                          fake_.table(), top_));
        attach_slot(&slot_);
    }
    void TearDown() override {
        quarantine_release(*layer_);
        EXPECT_EQ(layer_->held_bytes, 0u);
        attach_slot(nullptr);
    }

    unsigned char* make(size_t size_bytes) {
        return static_cast<unsigned char*>(top_.malloc(top_.ctx, size_bytes));
    }
    void release(void* block) { top_.free(top_.ctx, block); }

    tests::FakeAllocator fake_;
    QuarantineLayer* layer_ = nullptr;
    dearth_allocator top_ = {};
    dearth_trial_slot slot_ = {};
};

TEST_F(QuarantineLayerTest, HoldsFreedBlocksUntilTheLimitOldestOutFirst) {
    open(1000);
    for (int index = 0; index < 3; ++index) {
        release(make(300));
    }
    EXPECT_EQ(fake_.frees, 0);
    release(make(300));
    EXPECT_EQ(fake_.frees, 1);
    release(make(2000));  // alone too much: nothing stays
    EXPECT_EQ(fake_.frees, 5);
    EXPECT_EQ(layer_->held_bytes, 0u);
}

TEST_F(QuarantineLayerTest, AWriteToAFreedBlockIsFoundOnDemandOnce) {
    open(10000);
    unsigned char* block = make(100);
    release(block);
    EXPECT_EQ(quarantine_check(*layer_), 0u);
    block[42] = 1;
    block[44] = 1;
    EXPECT_EQ(quarantine_check(*layer_), 1u);
    EXPECT_EQ(quarantine_check(*layer_), 0u);
    ASSERT_EQ(slot_.misuse_count, 1u);
    EXPECT_EQ(slot_.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_USE_AFTER_FREE));
    EXPECT_EQ(slot_.misuses[0].distance_bytes, 42);
    EXPECT_EQ(slot_.misuses[0].changed_bytes, 2u);
}

TEST_F(QuarantineLayerTest, AWriteToAFreedBlockIsFoundWhenItLeaves) {
    open(500);
    unsigned char* block = make(100);
    release(block);
    block[0] = 1;
    release(make(450));
    EXPECT_EQ(slot_.misuse_count, 1u);
}

TEST_F(QuarantineLayerTest, ReallocMovesAndTheOldBlockIsDead) {
    open(10000);
    unsigned char* block = make(10);
    std::memset(block, 7, 10);
    auto* moved = static_cast<unsigned char*>(top_.realloc(top_.ctx, block, 20));
    ASSERT_NE(moved, block);
    EXPECT_EQ(moved[9], 7);
    EXPECT_EQ(block[9], 0xDD);
    EXPECT_EQ(top_.block_size(top_.ctx, moved), 20u);
    release(moved);
}

TEST_F(QuarantineLayerTest, AShrinkNeverFails) {
    open(0);
    unsigned char* block = make(100);
    fake_.is_failing = true;
    EXPECT_EQ(top_.realloc(top_.ctx, block, 200), nullptr);
    EXPECT_EQ(top_.realloc(top_.ctx, block, 50), block);
    EXPECT_EQ(top_.block_size(top_.ctx, block), 50u);
    release(block);
}

TEST_F(QuarantineLayerTest, ExhaustionGivesBackWhatIsHeld) {
    open(10000);
    release(make(100));
    fake_.is_failing = true;
    EXPECT_EQ(make(100), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(fake_.frees, 1);
    fake_.is_failing = false;
}

TEST_F(QuarantineLayerTest, AlignedBlocksAreHeldToo) {
    open(10000);
    for (size_t alignment = 16; alignment <= 1024; alignment *= 4) {
        void* block = top_.aligned_alloc(top_.ctx, alignment, 33);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
        release(block);
    }
    EXPECT_EQ(fake_.frees, 0);
    release(make(20000));
    EXPECT_EQ(fake_.frees, 5);
}

}  // namespace
}  // namespace dearth::hooks
