#include "hooks/layers/ledger_table.h"
#include "hooks/layers/block_maker.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace dearth::hooks {
namespace {

LedgerNode node_at(uint64_t address) {
    LedgerNode node = {};
    node.address = address;
    node.size_bytes = address / 16;
    node.serial = address / 16 % 1000;
    return node;
}

uint64_t live_size_at(const LedgerTable& table, uint64_t address) {
    LedgerNode found = {};
    return table.find(address, found) && found.is_live ? found.size_bytes : 0;
}

size_t live_count(const LedgerTable& table) {
    size_t count = 0;
    table.for_each([&count](const LedgerNode& node) {
        count += node.is_live ? 1 : 0;
        return true;
    });
    return count;
}

TEST(LedgerTable, FindsWhatWasEnteredAndNothingElse) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    LedgerNode node;
    EXPECT_FALSE(table.find(0x1000, node));
    ASSERT_TRUE(table.insert(node_at(0x1000)));
    EXPECT_EQ(live_size_at(table, 0x1000), 0x100u);
    EXPECT_FALSE(table.find(0x1001, node));
    EXPECT_FALSE(table.find(0x1010, node));
    EXPECT_FALSE(table.find(0x1000 + (1u << 20), node));
    EXPECT_FALSE(table.remove(0x2000, 0, node));
    EXPECT_FALSE(table.remove(0x1008, 0, node));
    EXPECT_TRUE(table.remove(0x1000, 0, node));
    EXPECT_EQ(node.size_bytes, 0x100u);
    EXPECT_EQ(live_size_at(table, 0x1000), 0u);
    EXPECT_EQ(live_count(table), 0u);
}

TEST(LedgerTable, RemembersFreedBlocksUntilTheAddressIsUsedAgain) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    LedgerNode node = node_at(0x1000);
    node.stack_id = 3;
    ASSERT_TRUE(table.insert(node));
    ASSERT_TRUE(table.remove(0x1000, 7, node));
    EXPECT_FALSE(table.remove(0x1000, 8, node));
    ASSERT_TRUE(table.find(0x1000, node));
    EXPECT_FALSE(node.is_live);
    EXPECT_EQ(node.stack_id, 3u);
    EXPECT_EQ(node.freed_stack_id, 7u);
    ASSERT_TRUE(table.insert(node_at(0x1000)));
    ASSERT_TRUE(table.find(0x1000, node));
    EXPECT_TRUE(node.is_live);
    EXPECT_EQ(node.freed_stack_id, 0u);
}

TEST(LedgerTable, KeepsEveryFieldOfABlock) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    LedgerNode entered = {};
    entered.address = 0x7fff12345678;
    entered.size_bytes = (uint64_t{1} << 60) + 12345;
    entered.serial = (uint64_t{1} << 48) - 1;
    entered.stack_id = UINT32_MAX;
    entered.place = LedgerTable::kPlacesMax - 1;
    entered.maker = kMakerNew;
    ASSERT_TRUE(table.insert(entered));
    LedgerNode found = {};
    ASSERT_TRUE(table.find(entered.address, found));
    EXPECT_EQ(found.address, entered.address);
    EXPECT_EQ(found.size_bytes, entered.size_bytes);
    EXPECT_EQ(found.serial, entered.serial);
    EXPECT_EQ(found.stack_id, entered.stack_id);
    EXPECT_EQ(found.place, entered.place);
    EXPECT_EQ(found.maker, entered.maker);
    EXPECT_TRUE(found.is_live);
}

TEST(LedgerTable, SizesAroundTheShortFormAreKept) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    for (const uint64_t size_bytes :
         {uint64_t{0}, (uint64_t{1} << 10) - 1, uint64_t{1} << 10, (uint64_t{1} << 10) + 1}) {
        LedgerNode node = node_at(0x1000);
        node.size_bytes = size_bytes;
        ASSERT_TRUE(table.insert(node));
        ASSERT_TRUE(table.remove(0x1000, 0, node));
        EXPECT_EQ(node.size_bytes, size_bytes);
    }
}

TEST(LedgerTable, RefusesTwoLiveBlocksWithinSixteenBytes) {
    LedgerTable table;
    ASSERT_TRUE(table.open());
    ASSERT_TRUE(table.insert(node_at(0x1000)));
    EXPECT_FALSE(table.insert(node_at(0x1008)));
    EXPECT_EQ(live_count(table), 1u);
    LedgerNode node;
    ASSERT_TRUE(table.remove(0x1000, 0, node));
    EXPECT_TRUE(table.insert(node_at(0x1008)));
    EXPECT_FALSE(table.find(0x1000, node));
    EXPECT_TRUE(table.remove(0x1008, 0, node));
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
        LedgerNode removed;
        if (model.erase(address) != 0) {
            ASSERT_TRUE(table.remove(address, 0, removed));
            ASSERT_EQ(removed.address, address);
        } else {
            ASSERT_FALSE(table.remove(address, 0, removed));
            ASSERT_TRUE(table.insert(node_at(address)));
            model[address] = address / 16;
        }
    }
    EXPECT_EQ(live_count(table), model.size());
    std::map<uint64_t, uint64_t> walked;
    table.for_each([&](const LedgerNode& node) {
        if (node.is_live) {
            walked[node.address] = node.size_bytes;
        }
        return true;
    });
    EXPECT_EQ(walked, model);
}

}  // namespace
}  // namespace dearth::hooks
