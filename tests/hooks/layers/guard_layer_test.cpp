// The layout byte by byte, and every kind of damage the guards see. The ledger is not there: the
// layer is alone, as behind dearth_guard_wrap.
#include "hooks/layers/guard_layer.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "dearth/guard.h"
#include "hooks/layers/base_layer.h"
#include "hooks/record/page_writer.h"
#include "tests/hooks/layers/fake_allocator.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

using Bytes = std::vector<unsigned char>;

class GuardLayerTest : public ::testing::TestWithParam<std::pair<uint32_t, uint32_t>> {
protected:
    void SetUp() override {
        dearth_guard_default_options(&options_);
        options_.guard_before_bytes = GetParam().first;
        options_.guard_after_bytes = GetParam().second;
        layer_ = GuardLayer{};
        layer_.writes_serials = true;
        guard_layer_open(layer_, DEARTH_DOMAIN_MEM, options_, libc_allocator(), top_);
        attach_slot(&slot_);
    }
    void TearDown() override { attach_slot(nullptr); }

    unsigned char* make(size_t size_bytes) {
        return static_cast<unsigned char*>(top_.malloc(top_.ctx, size_bytes));
    }
    void release(void* block) { top_.free(top_.ctx, block); }

    const dearth_misuse& only_misuse() {
        EXPECT_EQ(slot_.misuse_count, 1u);
        return slot_.misuses[0];
    }

    dearth_layer_options options_ = {};
    GuardLayer layer_ = {};
    dearth_allocator top_ = {};
    dearth_trial_slot slot_ = {};
};

Bytes expected_front(size_t before_bytes, char letter, size_t size_bytes) {
    Bytes front(before_bytes, 0xFD);
    for (size_t index = 0; index < 8; ++index) {
        front[index] = static_cast<unsigned char>(size_bytes >> (56 - 8 * index));
    }
    front[8] = static_cast<unsigned char>(letter);
    return front;
}

TEST_P(GuardLayerTest, LayoutIsTheDocumentedOne) {
    unsigned char* block = make(0x1234);
    const unsigned char* front = block - options_.guard_before_bytes;
    EXPECT_EQ(Bytes(front, static_cast<const unsigned char*>(block)),
              expected_front(options_.guard_before_bytes, 'm', 0x1234));
    EXPECT_EQ(Bytes(block, block + 0x1234), Bytes(0x1234, 0xCD));
    const unsigned char* rear = block + 0x1234;
    EXPECT_EQ(Bytes(rear, rear + options_.guard_after_bytes),
              Bytes(options_.guard_after_bytes, 0xFD));
    const unsigned char* serial = rear + options_.guard_after_bytes;
    EXPECT_EQ(Bytes(serial, serial + 8), (Bytes{0, 0, 0, 0, 0, 0, 0, 1}));
    release(block);
    EXPECT_EQ(slot_.misuse_count, 0u);
}

TEST_P(GuardLayerTest, CallocIsZeroAndResizeFillsOnlyWhatIsNew) {
    auto* block = static_cast<unsigned char*>(top_.calloc(top_.ctx, 5, 10));
    EXPECT_EQ(Bytes(block, block + 50), Bytes(50, 0));
    block = static_cast<unsigned char*>(top_.realloc(top_.ctx, block, 300));
    Bytes expected(300, 0xCD);
    std::fill(expected.begin(), expected.begin() + 50, 0);
    EXPECT_EQ(Bytes(block, block + 300), expected);
    EXPECT_EQ(Bytes(block + 300, block + 308), Bytes(8, 0xFD));
    block = static_cast<unsigned char*>(top_.realloc(top_.ctx, block, 3));
    EXPECT_EQ(Bytes(block, block + 3), Bytes(3, 0));
    EXPECT_EQ(Bytes(block + 3, block + 11), Bytes(8, 0xFD));
    release(block);
    EXPECT_EQ(slot_.misuse_count, 0u);
}

// Among them the distance to the allocation's start: any number there reads well.
TEST_P(GuardLayerTest, EveryByteInFrontOfAnAlignedBlockCounts) {
    for (size_t distance = 1; distance <= options_.guard_before_bytes; ++distance) {
        auto* block = static_cast<unsigned char*>(top_.aligned_alloc(top_.ctx, 64, 40));
        slot_ = {};
        block[-static_cast<ptrdiff_t>(distance)] ^= 0x11;
        EXPECT_FALSE(guard_check(layer_, block, 40, true)) << distance;
        EXPECT_EQ(only_misuse().kind, static_cast<uint32_t>(DEARTH_MISUSE_UNDERFLOW)) << distance;
        EXPECT_EQ(only_misuse().distance_bytes, -static_cast<int64_t>(distance));
        EXPECT_EQ(only_misuse().changed_bytes, 1u) << distance;
        EXPECT_TRUE(guard_check(layer_, block, 40, true)) << "mended";
        release(block);
        EXPECT_EQ(slot_.misuse_count, 1u);
    }
}

TEST_P(GuardLayerTest, AlignedBlocksAreAlignedAndGuarded) {
    for (size_t alignment = 16; alignment <= 8192; alignment *= 2) {
        auto* block = static_cast<unsigned char*>(top_.aligned_alloc(top_.ctx, alignment, 40));
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
        std::memset(block, 7, 40);
        auto* moved = static_cast<unsigned char*>(top_.realloc(top_.ctx, block, 60));
        ASSERT_NE(moved, nullptr);
        EXPECT_EQ(Bytes(moved, moved + 40), Bytes(40, 7));
        release(moved);
        block = static_cast<unsigned char*>(top_.aligned_alloc(top_.ctx, alignment, 1));
        block[1] = 0;
        release(block);
        EXPECT_EQ(only_misuse().kind, static_cast<uint32_t>(DEARTH_MISUSE_OVERFLOW));
        slot_ = {};
    }
    EXPECT_EQ(top_.aligned_alloc(top_.ctx, size_t{1} << 63, 1), nullptr);
    EXPECT_EQ(errno, ENOMEM);
}

TEST_P(GuardLayerTest, EveryRearByteIsWatched) {
    for (uint32_t offset = 0; offset < options_.guard_after_bytes; ++offset) {
        slot_ = {};
        unsigned char* block = make(13);
        block[13 + offset] = 0x41;
        release(block);
        const dearth_misuse& misuse = only_misuse();
        EXPECT_EQ(misuse.kind, static_cast<uint32_t>(DEARTH_MISUSE_OVERFLOW));
        EXPECT_EQ(misuse.distance_bytes, static_cast<int64_t>(offset));
        EXPECT_EQ(misuse.changed_bytes, 1u);
        EXPECT_EQ(misuse.block_size_bytes, 13u);
    }
}

TEST_P(GuardLayerTest, EveryFrontByteBehindTheSizeIsWatched) {
    for (uint32_t offset = 1; offset <= options_.guard_before_bytes - 8; ++offset) {
        slot_ = {};
        unsigned char* block = make(13);
        block[-static_cast<int>(offset)] = 0x41;
        release(block);
        const dearth_misuse& misuse = only_misuse();
        EXPECT_EQ(misuse.kind, static_cast<uint32_t>(DEARTH_MISUSE_UNDERFLOW));
        EXPECT_EQ(misuse.distance_bytes, -static_cast<int64_t>(offset));
        EXPECT_EQ(misuse.changed_bytes, 1u);
    }
}

TEST_P(GuardLayerTest, AKnownSizeWatchesTheSizeFieldToo) {
    unsigned char* block = make(13);
    std::memset(block - options_.guard_before_bytes, 0xA5, options_.guard_before_bytes);
    EXPECT_FALSE(guard_check(layer_, block, 13, false));
    EXPECT_EQ(only_misuse().kind, static_cast<uint32_t>(DEARTH_MISUSE_UNDERFLOW));
    EXPECT_EQ(only_misuse().changed_bytes, options_.guard_before_bytes);
    EXPECT_EQ(only_misuse().distance_bytes, -1);
    // Reported once, mended, and free finds nothing more.
    EXPECT_TRUE(guard_check(layer_, block, 13, false));
    release(block);
    EXPECT_EQ(slot_.misuse_count, 1u);
}

TEST_P(GuardLayerTest, WritingTheWholeBlockIsFine) {
    for (const size_t size_bytes : {0, 1, 7, 8, 9, 64, 4097}) {
        unsigned char* block = make(size_bytes);
        std::memset(block, 0x41, size_bytes);
        release(block);
    }
    EXPECT_EQ(slot_.misuse_count, 0u);
}

TEST_P(GuardLayerTest, FailedResizeLeavesEverythingAsItWas) {
    tests::FakeAllocator fake;
    guard_layer_open(layer_, DEARTH_DOMAIN_OBJECT, options_, fake.table(), top_);
    for (const size_t size_bytes : {0, 1, 63, 64, 65, 127, 128, 129, 1000}) {
        fake.is_failing = false;
        unsigned char* block = make(size_bytes);
        for (size_t index = 0; index < size_bytes; ++index) {
            block[index] = static_cast<unsigned char>(index);
        }
        const unsigned char* start = block - options_.guard_before_bytes;
        const unsigned char* end = block + size_bytes + options_.guard_after_bytes + 8;
        const Bytes before(start, end);
        fake.is_failing = true;
        errno = 0;
        EXPECT_EQ(top_.realloc(top_.ctx, block, 5000), nullptr);
        EXPECT_EQ(errno, ENOMEM);
        EXPECT_EQ(Bytes(start, end), before);
        release(block);
    }
    EXPECT_EQ(slot_.misuse_count, 0u);
}

TEST_P(GuardLayerTest, AFreeInAnotherDomainIsRefused) {
    GuardLayer object = {};
    dearth_allocator object_top = {};
    guard_layer_open(object, DEARTH_DOMAIN_OBJECT, options_, libc_allocator(), object_top);
    unsigned char* block = make(8);
    object_top.free(object_top.ctx, block);
    EXPECT_EQ(only_misuse().kind, static_cast<uint32_t>(DEARTH_MISUSE_WRONG_DOMAIN));
    EXPECT_EQ(only_misuse().domain, static_cast<uint32_t>(DEARTH_DOMAIN_OBJECT));
    EXPECT_EQ(only_misuse().block_domain, static_cast<uint32_t>(DEARTH_DOMAIN_MEM));
    EXPECT_EQ(object_top.realloc(object_top.ctx, block, 80), nullptr);
    release(block);
    EXPECT_EQ(slot_.misuse_count, 2u);
}

TEST_P(GuardLayerTest, RubbishPointersAreRefusedWithoutACrash) {
    release(nullptr);
    release(reinterpret_cast<void*>(16));
    release(reinterpret_cast<void*>(0x7001));
    EXPECT_EQ(slot_.misuse_count, 2u);
    EXPECT_EQ(slot_.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_INVALID_FREE));
    // A size field that leads nowhere.
    unsigned char* block = make(8);
    std::memset(block - options_.guard_before_bytes, 0x7F, 8);
    release(block);
    EXPECT_EQ(slot_.misuses[2].kind, static_cast<uint32_t>(DEARTH_MISUSE_UNDERFLOW));
    alignas(16) unsigned char foreign[8192 + 64] = {};
    release(foreign + 8192);
    EXPECT_EQ(slot_.misuses[3].kind, static_cast<uint32_t>(DEARTH_MISUSE_INVALID_FREE));
    layer_.beneath.free(layer_.beneath.ctx, block - options_.guard_before_bytes);
}

TEST_P(GuardLayerTest, TooLargeFailsBeforeItWraps) {
    for (const size_t size_bytes :
         {size_t{PTRDIFF_MAX}, size_t{PTRDIFF_MAX} - 16, SIZE_MAX, SIZE_MAX - 32}) {
        errno = 0;
        EXPECT_EQ(make(size_bytes), nullptr);
        EXPECT_EQ(errno, ENOMEM);
        EXPECT_EQ(top_.calloc(top_.ctx, size_bytes, 3), nullptr);
        EXPECT_EQ(top_.realloc(top_.ctx, nullptr, size_bytes), nullptr);
        EXPECT_EQ(top_.aligned_alloc(top_.ctx, 64, size_bytes), nullptr);
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, GuardLayerTest,
                         ::testing::Values(std::pair{16u, 8u}, std::pair{32u, 9u},
                                           std::pair{64u, 31u}, std::pair{256u, 64u}));

// CPython's own example: a freed block is dead from its header on.
TEST(GuardLayerAlone, FreedBlocksAreDead) {
    tests::FakeAllocator fake;
    dearth_allocator beneath = fake.table();
    beneath.free = [](void*, void* block) {
        const auto* bytes = static_cast<unsigned char*>(block);
        EXPECT_EQ(Bytes(bytes, bytes + 16 + 24 + 16), Bytes(16 + 24 + 16, 0xDD));
        std::free(block);
    };
    dearth_allocator top = {};
    ASSERT_EQ(dearth_guard_wrap(DEARTH_DOMAIN_RAW, &beneath, nullptr, &top), 0);
    top.free(top.ctx, top.malloc(top.ctx, 24));
}

TEST(GuardLayerAlone, AbortsByDefaultAsCPythonDoes) {
    const auto output = tests::output_of_child([] {
        dearth_allocator top = libc_allocator();
        EXPECT_EQ(dearth_guard_wrap(DEARTH_DOMAIN_OBJECT, &top, nullptr, &top), 0);
        auto* block = static_cast<char*>(top.malloc(top.ctx, 24));
        block[24] = 0;
        top.free(top.ctx, block);
    });
    EXPECT_TRUE(WIFSIGNALED(output.status));
    EXPECT_EQ(WTERMSIG(output.status), SIGABRT);
    EXPECT_EQ(output.err.rfind("dearth: overflow", 0), 0u) << output.err;
}

TEST(GuardLayerAlone, RefusesWhatItCannotWrap) {
    dearth_allocator table = libc_allocator();
    dearth_allocator top = {};
    dearth_layer_options options;
    dearth_guard_default_options(&options);
    options.guard_before_bytes = 24;
    EXPECT_EQ(dearth_guard_wrap(DEARTH_DOMAIN_RAW, &table, &options, &top), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(dearth_guard_wrap(DEARTH_DOMAIN_COUNT, &table, nullptr, &top), -1);
    EXPECT_EQ(dearth_guard_wrap(DEARTH_DOMAIN_RAW, nullptr, nullptr, &top), -1);
    table.free = nullptr;
    EXPECT_EQ(dearth_guard_wrap(DEARTH_DOMAIN_RAW, &table, nullptr, &top), -1);
}

}  // namespace
}  // namespace dearth::hooks
