// The small-object allocator alone, on arenas and a larger allocator that count and fail.
#include "hooks/domains/small_object_allocator.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "hooks/domains/libc_allocator.h"
#include "tests/hooks/domains/fake_arenas.h"

namespace dearth::hooks {

namespace {

// libc, counted, and failing on demand.
struct FakeLarger {
    int live = 0;
    int mallocs = 0;
    int reallocs = 0;
    bool is_failing = false;

    dearth_allocator table() {
        dearth_allocator allocator = {};
        allocator.ctx = this;
        allocator.malloc = [](void* ctx, size_t size) {
            auto* self = static_cast<FakeLarger*>(ctx);
            ++self->mallocs;
            void* block = self->is_failing ? refuse() : kLibcAllocator.malloc(nullptr, size);
            self->live += block != nullptr ? 1 : 0;
            return block;
        };
        allocator.calloc = [](void* ctx, size_t count, size_t size) {
            auto* self = static_cast<FakeLarger*>(ctx);
            ++self->mallocs;
            void* block = self->is_failing ? refuse() : kLibcAllocator.calloc(nullptr, count, size);
            self->live += block != nullptr ? 1 : 0;
            return block;
        };
        allocator.realloc = [](void* ctx, void* block, size_t size) {
            auto* self = static_cast<FakeLarger*>(ctx);
            ++self->reallocs;
            return self->is_failing ? refuse() : kLibcAllocator.realloc(nullptr, block, size);
        };
        allocator.free = [](void* ctx, void* block) {
            --static_cast<FakeLarger*>(ctx)->live;
            kLibcAllocator.free(nullptr, block);
        };
        return allocator;
    }

    static void* refuse() {
        errno = ENOMEM;
        return nullptr;
    }
};

class SmallObjects : public testing::Test {
protected:
    SmallObjects() {
        larger_table_ = larger_.table();
        arena_table_ = arenas_.table();
        objects_ = std::make_unique<SmallObjectAllocator>(larger_table_, arena_table_);
    }

    ~SmallObjects() override {
        EXPECT_EQ(objects_->arena_count(), arenas_.live_count());
        EXPECT_EQ(arenas_.live_count(), 0u) << "arenas kept";
        EXPECT_EQ(larger_.live, 0) << "blocks kept";
    }

    FakeLarger larger_;
    FakeArenas arenas_;
    dearth_allocator larger_table_;
    dearth_arena_allocator arena_table_;
    std::unique_ptr<SmallObjectAllocator> objects_;
};

TEST_F(SmallObjects, ServesUpToTheThresholdFromArenas) {
    for (size_t size = 0; size <= DEARTH_SMALL_REQUEST_BYTES; ++size) {
        void* block = objects_->allocate(size);
        ASSERT_NE(block, nullptr);
        EXPECT_TRUE(objects_->owns(block)) << size;
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 16, 0u) << size;
        std::memset(block, 0xEE, size);
        objects_->release(block);
    }
    EXPECT_EQ(larger_.mallocs, 0);
}

TEST_F(SmallObjects, PassesLargerRequestsThrough) {
    void* block = objects_->allocate(DEARTH_SMALL_REQUEST_BYTES + 1);
    EXPECT_FALSE(objects_->owns(block));
    EXPECT_EQ(larger_.mallocs, 1);
    void* zeroed = objects_->allocate_zeroed(DEARTH_SMALL_REQUEST_BYTES + 1, 1);
    EXPECT_EQ(larger_.mallocs, 2);
    EXPECT_EQ(arenas_.given, 0);
    objects_->release(block);
    objects_->release(zeroed);
}

TEST_F(SmallObjects, BlocksOfOneClassNeverOverlap) {
    for (size_t size : {size_t{1}, size_t{16}, size_t{48}, size_t{500}, size_t{512}}) {
        std::vector<unsigned char*> blocks;
        for (int index = 0; index < 2000; ++index) {
            blocks.push_back(static_cast<unsigned char*>(objects_->allocate(size)));
            std::memset(blocks.back(), index % 251, size);
        }
        for (int index = 0; index < 2000; ++index) {
            EXPECT_EQ(blocks[index][0], index % 251);
            EXPECT_EQ(blocks[index][size - 1], index % 251);
            objects_->release(blocks[index]);
        }
    }
}

TEST_F(SmallObjects, ZeroedBlocksAreZeroWhenUsedAgain) {
    auto* first = static_cast<unsigned char*>(objects_->allocate(64));
    void* keeper = objects_->allocate(64);
    std::memset(first, 0xFF, 64);
    objects_->release(first);
    auto* second = static_cast<unsigned char*>(objects_->allocate_zeroed(8, 8));
    ASSERT_EQ(second, first) << "the latest block given back is the next one out";
    for (int index = 0; index < 64; ++index) {
        EXPECT_EQ(second[index], 0);
    }
    objects_->release(second);
    objects_->release(keeper);
}

TEST_F(SmallObjects, OverflowingArraysFail) {
    errno = 0;
    EXPECT_EQ(objects_->allocate_zeroed(SIZE_MAX, 2), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(objects_->allocate_zeroed(SIZE_MAX / 16 + 2, 16), nullptr);
    EXPECT_EQ(larger_.mallocs, 0);
}

TEST_F(SmallObjects, TakesArenasOfAnyAlignment) {
    for (const size_t misalignment : {size_t{0}, size_t{1}, size_t{16}, size_t{2048}, size_t{4095},
                                      size_t{4096}, size_t{5000}, size_t{262143}}) {
        arenas_.misalignment = misalignment;
        std::vector<void*> blocks;
        const int given_before = arenas_.given;
        while (arenas_.given < given_before + 4) {
            blocks.push_back(objects_->allocate(512));
            ASSERT_TRUE(objects_->owns(blocks.back()));
            std::memset(blocks.back(), 0xEE, 512);
        }
        EXPECT_EQ(arenas_.live_count(), 4u);
        for (void* block : blocks) {
            objects_->release(block);
        }
        EXPECT_EQ(arenas_.live_count(), 0u) << misalignment;
    }
}

TEST_F(SmallObjects, GivesAnArenaBackAsSoonAsItIsEmpty) {
    std::vector<void*> blocks;
    while (arenas_.given < 3) {
        blocks.push_back(objects_->allocate(256));
    }
    // The last block is alone in the third arena.
    objects_->release(blocks.back());
    blocks.pop_back();
    EXPECT_EQ(arenas_.live_count(), 2u);
    for (void* block : blocks) {
        objects_->release(block);
    }
}

TEST_F(SmallObjects, FillsTheFullestArenaFirst) {
    std::vector<void*> blocks;
    while (arenas_.given < 3) {
        blocks.push_back(objects_->allocate(512));
    }
    // Room for one pool in the first arena, many in the third.
    std::vector<void*> freed(blocks.begin(), blocks.begin() + 7);
    for (void* block : freed) {
        objects_->release(block);
    }
    blocks.erase(blocks.begin(), blocks.begin() + 7);
    std::set<uintptr_t> pages;
    for (void* block : freed) {
        pages.insert(reinterpret_cast<uintptr_t>(block) / 4096);
    }
    void* next = objects_->allocate(16);
    EXPECT_TRUE(pages.contains(reinterpret_cast<uintptr_t>(next) / 4096));
    objects_->release(next);
    for (void* block : blocks) {
        objects_->release(block);
    }
}

TEST_F(SmallObjects, FallsThroughWhileNoArenaIsToBeHadAndKeepsErrno) {
    arenas_.supply = 0;
    errno = 77;
    void* block = objects_->allocate(32);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(errno, 77) << "the request succeeded";
    EXPECT_FALSE(objects_->owns(block));
    EXPECT_EQ(arenas_.refused, 1);
    EXPECT_EQ(larger_.mallocs, 1);
    // The small block of the larger allocator grows and shrinks there.
    block = objects_->resize(block, 400);
    block = objects_->resize(block, 8);
    EXPECT_EQ(larger_.reallocs, 2);
    arenas_.supply = -1;
    void* small = objects_->allocate(32);
    EXPECT_TRUE(objects_->owns(small));
    objects_->release(small);
    objects_->release(block);
    EXPECT_EQ(errno, 77);
}

TEST_F(SmallObjects, FailsWhenNeitherArenaNorLargerBlockIsToBeHad) {
    arenas_.supply = 0;
    larger_.is_failing = true;
    errno = 0;
    EXPECT_EQ(objects_->allocate(32), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(objects_->allocate_zeroed(4, 8), nullptr);
}

TEST_F(SmallObjects, RefusesAnArenaHandedOutTwice) {
    void* keeper = objects_->allocate(512);
    static void* same = nullptr;
    same = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(keeper) / DEARTH_ARENA_BYTES *
                                   DEARTH_ARENA_BYTES);
    arena_table_.alloc = [](void*, size_t) { return same; };
    arena_table_.free = [](void*, void*, size_t) {};
    std::vector<void*> blocks;
    while (larger_.mallocs == 0) {
        blocks.push_back(objects_->allocate(512));
    }
    EXPECT_EQ(objects_->arena_count(), 1u);
    arena_table_ = arenas_.table();
    for (void* block : blocks) {
        objects_->release(block);
    }
    objects_->release(keeper);
}

TEST_F(SmallObjects, ResizesAcrossTheThreshold) {
    auto* block = static_cast<char*>(objects_->allocate(500));
    std::memset(block, 'a', 500);
    block = static_cast<char*>(objects_->resize(block, 5000));
    ASSERT_NE(block, nullptr);
    EXPECT_FALSE(objects_->owns(block));
    EXPECT_EQ(std::string(block, 500), std::string(500, 'a'));
    EXPECT_EQ(arenas_.live_count(), 0u) << "the small block is gone";
    std::memset(block, 'b', 5000);
    block = static_cast<char*>(objects_->resize(block, 100));
    EXPECT_EQ(std::string(block, 100), std::string(100, 'b'));
    objects_->release(block);
}

TEST_F(SmallObjects, AFailedGrowthLeavesTheBlockAlone) {
    auto* block = static_cast<char*>(objects_->allocate(100));
    std::memset(block, 'a', 100);
    larger_.is_failing = true;
    errno = 0;
    EXPECT_EQ(objects_->resize(block, 5000), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(std::string(block, 100), std::string(100, 'a'));
    objects_->release(block);
}

TEST_F(SmallObjects, ShrinkingNeverFails) {
    arenas_.supply = 1;
    larger_.is_failing = true;
    // Every pool of the only arena is of the largest class: no smaller block is to be had.
    std::vector<void*> blocks;
    for (void* block = objects_->allocate(512); block != nullptr; block = objects_->allocate(512)) {
        blocks.push_back(block);
    }
    errno = 77;
    EXPECT_EQ(objects_->resize(blocks[0], 10), blocks[0]);
    EXPECT_EQ(errno, 77);
    for (void* block : blocks) {
        objects_->release(block);
    }
}

TEST_F(SmallObjects, ResizeToZeroKeepsTheBlockAndOfNothingMakesOne) {
    void* block = objects_->resize(nullptr, 20);
    ASSERT_NE(block, nullptr);
    block = objects_->resize(block, 0);
    ASSERT_NE(block, nullptr);
    objects_->release(block);
    objects_->release(nullptr);
}

TEST_F(SmallObjects, OwnsNothingElseAndReadsNothingElse) {
    void* block = objects_->allocate(16);
    void* forbidden = mmap(nullptr, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(forbidden, MAP_FAILED);
    int local = 0;
    for (const void* address :
         {static_cast<const void*>(forbidden), static_cast<const void*>(&local),
          static_cast<const void*>(nullptr), reinterpret_cast<const void*>(UINTPTR_MAX),
          reinterpret_cast<const void*>(uintptr_t{1} << 47),
          static_cast<const void*>(static_cast<char*>(forbidden) + (1 << 20) - 1)}) {
        EXPECT_FALSE(objects_->owns(address)) << address;
    }
    munmap(forbidden, 1 << 20);
    objects_->release(block);
    EXPECT_FALSE(objects_->owns(block)) << "its arena is gone";
}

TEST_F(SmallObjects, AlignedRequestsAreAlignedWhoeverServesThem) {
    larger_table_.aligned_alloc = [](void* ctx, size_t alignment, size_t size) {
        ++static_cast<FakeLarger*>(ctx)->live;
        return kLibcAllocator.aligned_alloc(nullptr, alignment, size);
    };
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        void* block = objects_->allocate_aligned(alignment, 40);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
        EXPECT_EQ(objects_->owns(block), alignment <= 16);
        objects_->release(block);
    }
    larger_table_.aligned_alloc = nullptr;
    errno = 0;
    EXPECT_EQ(objects_->allocate_aligned(64, 40), nullptr);
    EXPECT_EQ(errno, ENOMEM);
}

}  // namespace

}  // namespace dearth::hooks
