#include "hooks/base/mapped_pages.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace dearth::hooks {
namespace {

TEST(MappedPages, ReadAsZeroAndTakeWrites) {
    auto* bytes = static_cast<unsigned char*>(map_pages(kPageBytes + 1));
    ASSERT_NE(bytes, nullptr);
    for (size_t index = 0; index < 2 * kPageBytes; ++index) {
        ASSERT_EQ(bytes[index], 0);
        bytes[index] = 1;
    }
    unmap_pages(bytes, kPageBytes + 1);
}

TEST(MappedPages, ReserveMoreThanTheMachineHas) {
    constexpr size_t kHuge = size_t{1} << 40;
    auto* bytes = static_cast<unsigned char*>(reserve_pages(kHuge));
    ASSERT_NE(bytes, nullptr);
    bytes[kHuge - 1] = 1;
    EXPECT_EQ(bytes[kHuge / 2], 0);
    unmap_pages(bytes, kHuge);
}

TEST(MappedPages, RefusalIsNullAndKeepsErrno) {
    errno = EDOM;
    EXPECT_EQ(map_pages(0), nullptr);
    EXPECT_EQ(map_pages(SIZE_MAX), nullptr);
    EXPECT_EQ(reserve_pages(PTRDIFF_MAX), nullptr);
    EXPECT_EQ(errno, EDOM);
}

TEST(MappedPages, UnmapOfNullDoesNothing) {
    unmap_pages(nullptr, kPageBytes);
}

}  // namespace
}  // namespace dearth::hooks
