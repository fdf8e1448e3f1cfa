#include "hooks/base/reentrancy_guard.h"

#include <gtest/gtest.h>

namespace dearth::hooks {
namespace {

TEST(ReentrancyGuard, OnlyTheOutermostScopeLowersTheFlag) {
    EXPECT_FALSE(is_inside_request);
    {
        const ReentrancyGuard outer;
        EXPECT_TRUE(outer.is_outermost());
        {
            const ReentrancyGuard inner;
            EXPECT_FALSE(inner.is_outermost());
        }
        EXPECT_TRUE(is_inside_request);
    }
    EXPECT_FALSE(is_inside_request);
}

}  // namespace
}  // namespace dearth::hooks
