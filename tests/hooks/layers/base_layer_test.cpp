#include "hooks/layers/base_layer.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace dearth::hooks {
namespace {

TEST(BaseLayer, ZeroBytesAreDistinctBlocks) {
    const dearth_allocator& libc = libc_allocator();
    void* blocks[] = {libc.malloc(libc.ctx, 0), libc.calloc(libc.ctx, 0, 8),
                      libc.calloc(libc.ctx, 8, 0), libc.realloc(libc.ctx, nullptr, 0),
                      libc.aligned_alloc(libc.ctx, 64, 0)};
    for (void*& block : blocks) {
        EXPECT_NE(block, nullptr);
        for (void*& other : blocks) {
            EXPECT_TRUE(&block == &other || block != other);
        }
    }
    for (void* block : blocks) {
        libc.free(libc.ctx, block);
    }
}

TEST(BaseLayer, ReallocToZeroKeepsTheBlock) {
    const dearth_allocator& libc = libc_allocator();
    void* block = libc.malloc(libc.ctx, 100);
    block = libc.realloc(libc.ctx, block, 0);
    ASSERT_NE(block, nullptr);
    libc.free(libc.ctx, block);
}

TEST(BaseLayer, TooLargeFailsWithEnomem) {
    const dearth_allocator& libc = libc_allocator();
    const size_t too_large = size_t{PTRDIFF_MAX} + 1;
    errno = 0;
    EXPECT_EQ(libc.malloc(libc.ctx, too_large), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    errno = 0;
    EXPECT_EQ(libc.calloc(libc.ctx, too_large / 2, 4), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    errno = 0;
    EXPECT_EQ(libc.aligned_alloc(libc.ctx, 64, too_large), nullptr);
    EXPECT_EQ(errno, ENOMEM);
}

TEST(BaseLayer, AlignmentIsHonoured) {
    const dearth_allocator& libc = libc_allocator();
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        void* block = libc.aligned_alloc(libc.ctx, alignment, 10);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
        libc.free(libc.ctx, block);
    }
}

}  // namespace
}  // namespace dearth::hooks
