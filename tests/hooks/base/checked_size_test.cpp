#include "hooks/base/checked_size.h"

#include <gtest/gtest.h>

namespace dearth::hooks {
namespace {

TEST(CheckedSize, ProductsUpToTheLimitFit) {
    size_t result = 0;
    EXPECT_TRUE(multiply_sizes(kRequestMax, 1, result));
    EXPECT_EQ(result, kRequestMax);
    EXPECT_TRUE(multiply_sizes(0, SIZE_MAX, result));
    EXPECT_EQ(result, 0u);
}

TEST(CheckedSize, ProductsBeyondTheLimitLeaveTheResultAlone) {
    size_t result = 7;
    EXPECT_FALSE(multiply_sizes(kRequestMax, 2, result));
    EXPECT_FALSE(multiply_sizes(SIZE_MAX / 2 + 1, 2, result));
    EXPECT_FALSE(multiply_sizes(kRequestMax + 1, 1, result));
    EXPECT_EQ(result, 7u);
}

TEST(CheckedSize, SumsBeyondTheLimitAreRefused) {
    size_t result = 7;
    EXPECT_FALSE(add_sizes(kRequestMax, 1, result));
    EXPECT_FALSE(add_sizes(SIZE_MAX, SIZE_MAX, result));
    EXPECT_EQ(result, 7u);
    EXPECT_TRUE(add_sizes(kRequestMax - 1, 1, result));
    EXPECT_EQ(result, kRequestMax);
}

TEST(CheckedSize, AlignUpRoundsToTheNextMultiple) {
    EXPECT_EQ(align_up(0, 16), 0u);
    EXPECT_EQ(align_up(1, 16), 16u);
    EXPECT_EQ(align_up(16, 16), 16u);
    EXPECT_EQ(align_up(17, 4096), 4096u);
}

TEST(CheckedSize, OnlyPowersOfTwoAreOnes) {
    EXPECT_FALSE(is_power_of_two(0));
    EXPECT_TRUE(is_power_of_two(1));
    EXPECT_TRUE(is_power_of_two(4096));
    EXPECT_FALSE(is_power_of_two(48));
}

}  // namespace
}  // namespace dearth::hooks
