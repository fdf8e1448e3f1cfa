// The ledger's table with a range covered sparsely: the same answers inside and outside of it.
#include "hooks/layers/sparse_ledger.h"

#include <gtest/gtest.h>

#include <vector>

#include "hooks/layers/ledger_table.h"

namespace dearth::hooks {
namespace {

constexpr uint64_t kStart = 0x7f0000001000;
constexpr SparseRange kRange = {kStart, uint64_t{1} << 30, 8192};

LedgerNode node_at(uint64_t address, uint64_t size_bytes) {
    LedgerNode node = {};
    node.address = address;
    node.size_bytes = size_bytes;
    node.serial = address % 1000;
    node.stack_id = 7;
    node.place = 3;
    node.maker = 5;
    return node;
}

void expect_same(const LedgerNode& left, const LedgerNode& right) {
    EXPECT_EQ(left.address, right.address);
    EXPECT_EQ(left.size_bytes, right.size_bytes);
    EXPECT_EQ(left.serial, right.serial);
    EXPECT_EQ(left.stack_id, right.stack_id);
    EXPECT_EQ(left.place, right.place);
    EXPECT_EQ(left.maker, right.maker);
}

class SparseLedgerTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(table_.open());
        table_.cover_sparsely(kRange);
    }
    LedgerTable table_;
};

// Any byte of a spacing, the first one and the last one of the range, and addresses around it.
TEST_F(SparseLedgerTest, BlocksAreFoundStruckAndRememberedWhereverTheyLie) {
    const uint64_t addresses[] = {kStart,
                                  kStart + 8192 + 1,
                                  kStart + 3 * 8192 - 1,
                                  kStart + kRange.size_bytes - 1,
                                  kStart - 16,
                                  kStart + kRange.size_bytes};
    for (const uint64_t address : addresses) {
        SCOPED_TRACE(address - kStart);
        LedgerNode found = {};
        EXPECT_FALSE(table_.find(address, found));
        EXPECT_FALSE(table_.remove(address, 9, found));
        ASSERT_TRUE(table_.insert(node_at(address, uint64_t{1} << 33)));
        EXPECT_FALSE(table_.insert(node_at(address, 1))) << "it is alive";
        ASSERT_TRUE(table_.find(address, found));
        expect_same(found, node_at(address, uint64_t{1} << 33));
        EXPECT_TRUE(found.is_live);
        EXPECT_FALSE(table_.find(address + 1, found));
        ASSERT_TRUE(table_.remove(address, 9, found));
        EXPECT_FALSE(table_.remove(address, 9, found));
        ASSERT_TRUE(table_.find(address, found)) << "a double free is told from a wild one";
        EXPECT_FALSE(found.is_live);
        EXPECT_EQ(found.freed_stack_id, 9u);
    }
}

TEST_F(SparseLedgerTest, AWalkSeesBothKindsAndStopsWhenTold) {
    const std::vector<uint64_t> addresses = {0x10000, kStart + 8192, kStart + 100 * 8192};
    for (const uint64_t address : addresses) {
        ASSERT_TRUE(table_.insert(node_at(address, 1)));
    }
    std::vector<uint64_t> seen;
    table_.for_each([&](const LedgerNode& node) {
        seen.push_back(node.address);
        return true;
    });
    EXPECT_EQ(seen, addresses);
    seen.clear();
    table_.for_each([&](const LedgerNode& node) {
        seen.push_back(node.address);
        return seen.size() < 2;
    });
    EXPECT_EQ(seen.size(), 2u);
}

}  // namespace
}  // namespace dearth::hooks
