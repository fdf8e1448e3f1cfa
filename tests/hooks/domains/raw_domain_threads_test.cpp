// The raw domain from many threads at once, the first request included. In a program of its own:
// no other test may have made the domains ready.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "dearth/allocator.h"

namespace {

// Keeps some blocks, each filled with the thread's number, and replaces them one by one.
void churn(unsigned char number, const std::atomic<bool>& is_started, std::atomic<int>& damaged) {
    constexpr size_t kBlocks = 64;
    std::vector<unsigned char*> blocks(kBlocks, nullptr);
    std::vector<size_t> sizes(kBlocks, 0);
    while (!is_started.load()) {
    }
    uint64_t draw = number;
    for (int step = 0; step < 20000; ++step) {
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        const size_t at = (draw >> 33) % kBlocks;
        const size_t size = (draw >> 40) % 2000;
        for (size_t index = 0; index < sizes[at]; ++index) {
            damaged += blocks[at][index] == number ? 0 : 1;
        }
        if (step % 3 == 0) {
            dearth_raw_free(blocks[at]);
            blocks[at] = static_cast<unsigned char*>(dearth_raw_malloc(size));
        } else {
            blocks[at] = static_cast<unsigned char*>(dearth_raw_realloc(blocks[at], size));
        }
        sizes[at] = size;
        std::memset(blocks[at], number, size);
    }
    for (unsigned char* block : blocks) {
        dearth_raw_free(block);
    }
}

TEST(RawDomainThreads, KeepsBlocksApart) {
    std::atomic<bool> is_started = false;
    std::atomic<int> damaged = 0;
    std::vector<std::thread> threads;
    for (unsigned char number = 1; number <= 4; ++number) {
        threads.emplace_back(
            [number, &is_started, &damaged] { churn(number, is_started, damaged); });
    }
    is_started = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(damaged, 0);
}

}  // namespace
