#include "hooks/layers/ledger_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace dearth::hooks {
namespace {

LiveNode node_at(uint64_t address) {
    LiveNode node = {};
    node.address = address;
    node.size_bytes = address / 16;
    return node;
}

TEST(LedgerTable, FindsWhatWasEnteredAndNothingElse) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    EXPECT_EQ(table.find(0x1000), nullptr);
    ASSERT_TRUE(table.insert(node_at(0x1000)));
    ASSERT_NE(table.find(0x1000), nullptr);
    EXPECT_EQ(table.find(0x1000)->size_bytes, 0x100u);
    EXPECT_EQ(table.find(0x1001), nullptr);
    LiveNode removed;
    EXPECT_FALSE(table.remove(0x2000, removed));
    EXPECT_TRUE(table.remove(0x1000, removed));
    EXPECT_EQ(removed.size_bytes, 0x100u);
    EXPECT_EQ(table.find(0x1000), nullptr);
    EXPECT_EQ(table.count(), 0u);
}

// Against a map, over addresses as heaps have them: dense, strided, and far apart.
TEST(LedgerTable, AgreesWithAMap) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    std::map<uint64_t, uint64_t> model;
    std::mt19937_64 draw(20240601);
    for (int step = 0; step < 200000; ++step) {
        const uint64_t region = (draw() % 4) << 33;
        const uint64_t stride = 16u << (draw() % 3);
        const uint64_t address = 0x10000000 + region + (draw() % 8000) * stride;
        LiveNode removed;
        if (model.erase(address) != 0) {
            ASSERT_TRUE(table.remove(address, removed));
            ASSERT_EQ(removed.address, address);
        } else {
            ASSERT_FALSE(table.remove(address, removed));
            ASSERT_TRUE(table.insert(node_at(address)));
            model[address] = address / 16;
        }
        ASSERT_EQ(table.count(), model.size());
    }
    for (const auto& [address, size_bytes] : model) {
        ASSERT_NE(table.find(address), nullptr);
        ASSERT_EQ(table.find(address)->size_bytes, size_bytes);
    }
    uint64_t walked = 0;
    for (uint32_t index = 1; index < table.end_node(); ++index) {
        walked += table.node_at(index).address != 0 ? 1 : 0;
    }
    EXPECT_EQ(walked, model.size());
}

}  // namespace
}  // namespace dearth::hooks
