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

uint64_t size_at(const LedgerTable& table, uint64_t address) {
    LiveNode found = {};
    return table.find(address, found) ? found.size_bytes : 0;
}

TEST(LedgerTable, FindsWhatWasEnteredAndNothingElse) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    EXPECT_EQ(size_at(table, 0x1000), 0u);
    ASSERT_TRUE(table.insert(node_at(0x1000)));
    EXPECT_EQ(size_at(table, 0x1000), 0x100u);
    EXPECT_EQ(size_at(table, 0x1001), 0u);
    EXPECT_EQ(size_at(table, 0x1000 + (1u << 20)), 0u);
    LiveNode removed;
    EXPECT_FALSE(table.remove(0x2000, removed));
    EXPECT_FALSE(table.remove(0x1008, removed));
    EXPECT_TRUE(table.remove(0x1000, removed));
    EXPECT_EQ(removed.size_bytes, 0x100u);
    EXPECT_EQ(size_at(table, 0x1000), 0u);
    EXPECT_EQ(table.count(), 0u);
}

TEST(LedgerTable, KeepsEveryFieldOfABlock) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    const LiveNode entered = {
        0x7fff12345678, (uint64_t{1} << 44) - 1, (uint64_t{1} << 39) - 1, (1u << 25) - 1,
        4095,           DEARTH_OP_ARENA};
    ASSERT_TRUE(table.insert(entered));
    LiveNode found = {};
    ASSERT_TRUE(table.find(entered.address, found));
    EXPECT_EQ(found.address, entered.address);
    EXPECT_EQ(found.size_bytes, entered.size_bytes);
    EXPECT_EQ(found.serial, entered.serial);
    EXPECT_EQ(found.stack_id, entered.stack_id);
    EXPECT_EQ(found.place, entered.place);
    EXPECT_EQ(found.op, entered.op);
}

TEST(LedgerTable, RefusesWhatItCannotTellApart) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    ASSERT_TRUE(table.insert(node_at(0x1000)));
    EXPECT_FALSE(table.insert(node_at(0x1008))) << "two blocks within 16 bytes";
    LiveNode huge = node_at(0x2000);
    huge.size_bytes = uint64_t{1} << 44;
    EXPECT_FALSE(table.insert(huge));
    EXPECT_EQ(table.count(), 1u);
}

// Against a map, over addresses as heaps have them: dense, strided, far apart, in many regions.
TEST(LedgerTable, AgreesWithAMap) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    std::map<uint64_t, uint64_t> model;
    std::mt19937_64 draw(20240601);
    for (int step = 0; step < 200000; ++step) {
        const uint64_t region = (draw() % 300) << 31;
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
    std::map<uint64_t, uint64_t> walked;
    table.for_each([&](const LiveNode& node) {
        walked[node.address] = node.size_bytes;
        return true;
    });
    EXPECT_EQ(walked, model);
}

}  // namespace
}  // namespace dearth::hooks
