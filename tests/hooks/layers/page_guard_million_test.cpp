// A million guarded blocks alive at once, where guards made of mappings end at 32,753. Takes 4.2
// GiB of memory: a page for each block.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "hooks/layers/page_guard_pool.h"
#include "tests/hooks/layers/page_guard_fault.h"
#include "tests/hooks/layers/page_guard_heap.h"

namespace dearth::hooks {
namespace {

constexpr size_t kBlocks = 1000000;
constexpr uint64_t kMemoryNeeded = uint64_t{5} << 30;

uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    uint64_t size = 0;
    uint64_t resident = 0;
    file >> size >> resident;
    return resident * kPageBytes;
}

TEST(PageGuardMillion, AllAreGuardedAndGiveTheirMemoryBack) {
    const auto available = static_cast<uint64_t>(sysconf(_SC_AVPHYS_PAGES)) * kPageBytes;
    if (available < kMemoryNeeded) {
        GTEST_SKIP() << "needs 5 GiB of free memory";
    }
    tests::PageGuardHeap heap;
    if (page_pool.way() != DEARTH_PAGES_ADVICE) {
        GTEST_SKIP() << "needs MADV_GUARD_INSTALL, Linux 6.13";
    }
    std::vector<unsigned char*> blocks(kBlocks);
    for (unsigned char*& block : blocks) {
        block = heap.make(48);
        ASSERT_TRUE(page_guard_owns(block));
        block[47] = 1;
    }
    EXPECT_EQ(page_pool.counts().live, kBlocks);
    EXPECT_EQ(page_pool.counts().refused, 0u);
    EXPECT_EQ(heap.fake.requests, 0);
    for (const size_t index : {size_t{0}, kBlocks / 2, kBlocks - 1}) {
        EXPECT_TRUE(tests::page_fault_of([&] { blocks[index][48] = 1; }).is_explained);
    }
    EXPECT_EQ(page_guard_check(), 0u);
    for (unsigned char* block : blocks) {
        heap.release(block);
    }
    EXPECT_EQ(page_pool.counts().live, 0u);
    EXPECT_EQ(heap.slot.misuse_count, 0u);
    EXPECT_LT(resident_bytes(), kBlocks * 100) << "freed blocks keep records, and no pages";
}

}  // namespace
}  // namespace dearth::hooks
