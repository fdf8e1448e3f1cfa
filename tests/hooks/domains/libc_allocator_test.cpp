// The default table itself, as whoever wraps it meets it: without the checks of the domains above.
#include "hooks/domains/libc_allocator.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace dearth::hooks {

namespace {

TEST(LibcAllocator, RefusesWhatIsTooLarge) {
    const dearth_allocator& libc = kLibcAllocator;
    void* block = libc.malloc(libc.ctx, 8);
    const size_t too_large = size_t{PTRDIFF_MAX} + 1;
    const auto expect_refused = [](void* answer) {
        EXPECT_EQ(answer, nullptr);
        EXPECT_EQ(errno, ENOMEM);
        errno = 0;
    };
    expect_refused(libc.malloc(libc.ctx, too_large));
    expect_refused(libc.calloc(libc.ctx, 1, too_large));
    expect_refused(libc.calloc(libc.ctx, size_t{1} << 33, size_t{1} << 33));
    expect_refused(libc.realloc(libc.ctx, block, too_large));
    expect_refused(libc.aligned_alloc(libc.ctx, 64, too_large));
    libc.free(libc.ctx, block);
}

TEST(LibcAllocator, ReallocToZeroBytesKeepsABlock) {
    const dearth_allocator& libc = kLibcAllocator;
    void* block = libc.malloc(libc.ctx, 8);
    block = libc.realloc(libc.ctx, block, 0);
    EXPECT_NE(block, nullptr);
    libc.free(libc.ctx, block);
}

TEST(LibcAllocator, AlignsAsAsked) {
    const dearth_allocator& libc = kLibcAllocator;
    for (size_t alignment = 1; alignment <= 65536; alignment *= 2) {
        for (const size_t size : {size_t{0}, size_t{1}, size_t{100}}) {
            errno = 77;
            void* block = libc.aligned_alloc(libc.ctx, alignment, size);
            ASSERT_NE(block, nullptr);
            EXPECT_EQ(errno, 77);
            EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
            std::memset(block, 0xEE, size);
            libc.free(libc.ctx, block);
        }
    }
    for (const size_t alignment : {size_t{0}, size_t{3}, size_t{48}}) {
        EXPECT_EQ(libc.aligned_alloc(libc.ctx, alignment, 8), nullptr);
        EXPECT_EQ(errno, EINVAL);
    }
}

}  // namespace

}  // namespace dearth::hooks
