#include "hooks/layers/reachability.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <thread>

#include "tests/hooks/layers/hidden_blocks.h"

namespace dearth::hooks {
namespace {

using tests::Hidden;
using tests::HiddenBlocks;
using tests::keep;

uint64_t global_word;
thread_local uint64_t thread_word;

class ReachabilityTest : public ::testing::Test {
protected:
    // The test's frame will lie where earlier tests may have left addresses.
    void SetUp() override { tests::wipe_stack(); }
    void TearDown() override { global_word = thread_word = 0; }

    HiddenBlocks blocks_;
};

TEST_F(ReachabilityTest, GlobalAndThreadLocalDataKeepABlock) {
    for (const uint32_t roots : {DEARTH_ROOT_USUAL, DEARTH_ROOT_ANONYMOUS}) {
        const Hidden global = blocks_.make(64);
        const Hidden local = blocks_.make(64);
        const Hidden lost = blocks_.make(64);
        keep(global_word, global);
        keep(thread_word, local);
        tests::HiddenSearch reachability;
        ASSERT_TRUE(tests::search_from_here(reachability, roots));
        EXPECT_FALSE(reachability.is_lost(global));
        EXPECT_FALSE(reachability.is_lost(local));
        EXPECT_TRUE(reachability.is_lost(lost));
        for (const Hidden hidden : {global, local, lost}) {
            blocks_.release(hidden);
        }
    }
}

TEST_F(ReachabilityTest, APointerIntoABlockKeepsItAndOneBehindItDoesNot) {
    const Hidden block = blocks_.make(64);
    for (const size_t within : {size_t{0}, size_t{1}, size_t{63}, size_t{64}}) {
        keep(global_word, block, within);
        tests::HiddenSearch reachability;
        ASSERT_TRUE(tests::search_from_here(reachability));
        EXPECT_EQ(reachability.is_lost(block), within == 64) << within;
    }
    blocks_.release(block);
}

TEST_F(ReachabilityTest, ACycleOfLostBlocksIsLostAsAWhole) {
    const Hidden first = blocks_.make(64);
    const Hidden second = blocks_.make(64);
    blocks_.point(first, 8, second, 0);
    blocks_.point(second, 56, first, 32);
    {
        tests::HiddenSearch reachability;
        ASSERT_TRUE(tests::search_from_here(reachability));
        EXPECT_TRUE(reachability.is_lost(first));
        EXPECT_TRUE(reachability.is_lost(second));
    }
    keep(global_word, second);
    tests::HiddenSearch reachability;
    ASSERT_TRUE(tests::search_from_here(reachability));
    EXPECT_FALSE(reachability.is_lost(first));
    EXPECT_FALSE(reachability.is_lost(second));
    blocks_.release(first);
    blocks_.release(second);
}

TEST_F(ReachabilityTest, AFreedBlockKeepsNothing) {
    HiddenBlocks heap(DEARTH_DOMAIN_MEM);
    const Hidden holder = heap.make(7008);
    const Hidden block = blocks_.make(64);
    blocks_.point(holder, 256, block, 0);
    keep(global_word, holder);
    {
        tests::HiddenSearch reachability;
        ASSERT_TRUE(tests::search_from_here(reachability));
        EXPECT_FALSE(reachability.is_lost(block));
    }
    heap.release(holder);
    tests::HiddenSearch reachability;
    ASSERT_TRUE(tests::search_from_here(reachability));
    EXPECT_TRUE(reachability.is_lost(block));
    blocks_.release(block);
}

TEST_F(ReachabilityTest, ARegisterOfTheCallerKeepsABlock) {
    const Hidden block = blocks_.make(64);
    tests::wipe_stack();
    ScanStart start = scan_start_here();
    // As if the caller kept it in rbx and nowhere else.
    start.registers[1] = 0;
    keep(start.registers[0], block);
    start.stack_pointer = reinterpret_cast<uintptr_t>(&start + 1);
    tests::HiddenSearch reachability;
    ASSERT_TRUE(reachability.from(start, DEARTH_ROOT_ANONYMOUS));
    EXPECT_FALSE(reachability.is_lost(block));
    start.registers[0] = 0;
    tests::HiddenSearch without;
    ASSERT_TRUE(without.from(start, DEARTH_ROOT_ANONYMOUS));
    EXPECT_TRUE(without.is_lost(block));
    blocks_.release(block);
}

TEST_F(ReachabilityTest, PrivateMappingsAreRootsOnRequestAndSharedOnesNever) {
    for (const int kind : {MAP_PRIVATE, MAP_SHARED}) {
        // Unreadable pages around it, or the kernel might make one mapping of it and its neighbour.
        void* pages = mmap(nullptr, 4 * 4096, PROT_NONE, kind | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(pages, MAP_FAILED);
        auto* page = static_cast<uint64_t*>(pages) + 4096 / sizeof(uint64_t);
        ASSERT_EQ(mprotect(page, 2 * 4096, PROT_READ | PROT_WRITE), 0);
        const Hidden block = blocks_.make(64);
        keep(page[700], block);
        tests::HiddenSearch usual;
        ASSERT_TRUE(tests::search_from_here(usual, DEARTH_ROOT_USUAL));
        EXPECT_TRUE(usual.is_lost(block)) << kind;
        tests::HiddenSearch all;
        ASSERT_TRUE(tests::search_from_here(all, DEARTH_ROOT_ANONYMOUS));
        EXPECT_EQ(all.is_lost(block), kind == MAP_SHARED);
        blocks_.release(block);
        munmap(pages, 4 * 4096);
    }
}

// Reserved and never used: reading it would take longer than the test may.
TEST_F(ReachabilityTest, UntouchedPagesAreNotRead) {
    constexpr size_t kReserved = size_t{1} << 40;
    auto* pages = static_cast<uint64_t*>(mmap(nullptr, kReserved, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (pages == MAP_FAILED || !PageTable().can_tell()) {
        GTEST_SKIP() << "no such address space, or Linux older than 6.7";
    }
    const Hidden block = blocks_.make(64);
    keep(pages[kReserved / sizeof *pages - 3], block);
    tests::HiddenSearch reachability;
    ASSERT_TRUE(tests::search_from_here(reachability));
    EXPECT_FALSE(reachability.is_lost(block));
    blocks_.release(block);
    munmap(pages, kReserved);
}

struct WaitingThread {
    pthread_barrier_t both;
    Hidden block;
};

// Of pthread's own C kind: std::thread would keep more on its stack than this test knows of.
__attribute__((noinline)) void* wait_with_block(void* argument) {
    auto& waiting = *static_cast<WaitingThread*>(argument);
    uint64_t word = 0;
    keep(word, waiting.block);
    pthread_barrier_wait(&waiting.both);
    pthread_barrier_wait(&waiting.both);
    return word == 0 ? argument : nullptr;
}

TEST_F(ReachabilityTest, TheStackOfAnotherThreadKeepsABlock) {
    WaitingThread waiting = {};
    waiting.block = blocks_.make(64);
    const Hidden lost = blocks_.make(64);
    pthread_barrier_init(&waiting.both, nullptr, 2);
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, nullptr, wait_with_block, &waiting), 0);
    pthread_barrier_wait(&waiting.both);
    for (const uint32_t roots : {DEARTH_ROOT_USUAL, DEARTH_ROOT_ANONYMOUS}) {
        tests::HiddenSearch reachability;
        ASSERT_TRUE(tests::search_from_here(reachability, roots));
        EXPECT_FALSE(reachability.is_lost(waiting.block));
        EXPECT_TRUE(reachability.is_lost(lost));
    }
    pthread_barrier_wait(&waiting.both);
    pthread_join(thread, nullptr);
    blocks_.release(waiting.block);
    blocks_.release(lost);
}

TEST_F(ReachabilityTest, OthersMayMakeAndFreeBlocksMeanwhile) {
    std::atomic<bool> is_over = false;
    std::thread other([&] {
        while (!is_over) {
            blocks_.release(blocks_.make(64));
        }
    });
    const Hidden kept = blocks_.make(64);
    const Hidden lost = blocks_.make(64);
    keep(global_word, kept);
    for (int round = 0; round < 50; ++round) {
        tests::HiddenSearch reachability;
        ASSERT_TRUE(tests::search_from_here(reachability));
        EXPECT_FALSE(reachability.is_lost(kept));
        EXPECT_TRUE(reachability.is_lost(lost));
    }
    is_over = true;
    other.join();
    blocks_.release(kept);
    blocks_.release(lost);
}

TEST_F(ReachabilityTest, TheApiTellsLostBlocksFromOthersAndKeepsErrno) {
    const Hidden kept = blocks_.make(64);
    const Hidden lost = blocks_.make(160);
    keep(global_word, kept);
    dearth_leak_site sites[1] = {};
    size_t count = 0;
    errno = E2BIG;
    tests::wipe_stack();
    ASSERT_EQ(dearth_leaks(0, DEARTH_ROOT_ANONYMOUS, sites, 1, &count), 0);
    EXPECT_EQ(errno, E2BIG);
    EXPECT_EQ(count, 1u);
    EXPECT_EQ(sites[0].blocks, 2u);
    EXPECT_EQ(sites[0].bytes, 224u);
    EXPECT_EQ(sites[0].lost_blocks, 1u);
    EXPECT_EQ(sites[0].lost_bytes, 160u);
    blocks_.release(kept);
    blocks_.release(lost);
    EXPECT_EQ(dearth_leaks(0, DEARTH_ROOT_USUAL, nullptr, 0, &count), 0);
    EXPECT_EQ(count, 0u);
}

TEST_F(ReachabilityTest, TheApiRefusesRootsItDoesNotKnow) {
    size_t count = 17;
    EXPECT_EQ(dearth_leaks(0, 64, nullptr, 0, &count), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(count, 17u);
}

}  // namespace
}  // namespace dearth::hooks
