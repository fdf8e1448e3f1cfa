// The set of blocks that came from before the layers, against a model.
#include "hooks/install/direct_blocks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace dearth::hooks {
namespace {

void* pointer(uint64_t number) {
    return reinterpret_cast<void*>(0x10000 + number * 16);
}

RC_GTEST_PROP(DirectBlocksTest, IsASet, ()) {
    clear_direct_blocks();
    std::set<uint64_t> model;
    const auto steps = *rc::gen::container<std::vector<std::pair<bool, uint64_t>>>(
        rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange<uint64_t>(0, 400)));
    for (const auto& [adds, number] : steps) {
        if (adds) {
            RC_ASSERT(add_direct_block(pointer(number)));
            model.insert(number);
        } else {
            RC_ASSERT(remove_direct_block(pointer(number)) == (model.erase(number) == 1));
        }
    }
    for (uint64_t number = 0; number < 400; ++number)
        RC_ASSERT(is_direct_block(pointer(number)) == model.contains(number));
}

TEST(DirectBlocksTest, GrowsAndForgets) {
    clear_direct_blocks();
    constexpr uint64_t kMany = 50'000;
    for (uint64_t number = 0; number < kMany; ++number)
        ASSERT_TRUE(add_direct_block(pointer(number)));
    for (uint64_t number = 0; number < kMany; number += 2)
        ASSERT_TRUE(remove_direct_block(pointer(number)));
    for (uint64_t number = 0; number < kMany; ++number)
        ASSERT_EQ(is_direct_block(pointer(number)), number % 2 == 1);
    clear_direct_blocks();
    EXPECT_FALSE(may_be_direct(pointer(1)));
    EXPECT_FALSE(is_direct_block(pointer(1)));
    EXPECT_TRUE(add_direct_block(nullptr)) << "nothing to remember";
}

}  // namespace
}  // namespace dearth::hooks
