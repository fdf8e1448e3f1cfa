// Operation and family of a block in three bits: every pair that makes blocks survives.
#include "hooks/layers/block_maker.h"

#include <gtest/gtest.h>

#include <set>

namespace dearth::hooks {
namespace {

TEST(BlockMakerTest, TellsOperationAndFamilyApart) {
    std::set<uint32_t> makers;
    const auto check = [&](uint32_t op, uint32_t family) {
        const uint32_t maker = maker_of(op, family);
        EXPECT_LT(maker, 8u) << "three bits";
        EXPECT_EQ(maker_op(maker), op);
        EXPECT_EQ(maker_family(maker), family);
        EXPECT_TRUE(makers.insert(maker).second) << "op " << op << ", family " << family;
    };
    for (const uint32_t op :
         {DEARTH_OP_MALLOC, DEARTH_OP_CALLOC, DEARTH_OP_REALLOC, DEARTH_OP_ALIGNED})
        check(op, DEARTH_FAMILY_MALLOC);
    for (const uint32_t family : {DEARTH_FAMILY_NEW, DEARTH_FAMILY_NEW_ARRAY}) {
        check(DEARTH_OP_MALLOC, family);
        check(DEARTH_OP_ALIGNED, family);
    }
}

}  // namespace
}  // namespace dearth::hooks
