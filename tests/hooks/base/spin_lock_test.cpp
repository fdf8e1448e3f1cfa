#include "hooks/base/spin_lock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

// What a scope does at its end was decided at its beginning: one that began while the process had
// one thread holds nothing, and must release nothing, although there are two threads by then.
TEST(SpinLock, ScopeReleasesOnlyWhatItTook) {
    tests::run_in_child([] {
        const bool was_alone = __libc_single_threaded != 0;
        SpinLock lock;
        std::thread started;
        {
            const SpinLockScope scope(lock);
            started = std::thread([] {});
            EXPECT_EQ(lock.try_lock(), was_alone);
        }
        EXPECT_EQ(lock.try_lock(), !was_alone);
        started.join();
    });
}

TEST(SpinLock, LosesNoIncrement) {
    constexpr int kThreads = 4;
    constexpr int kRounds = 20000;
    SpinLock lock;
    int counter = 0;
    std::vector<std::thread> threads;
    for (int index = 0; index < kThreads; ++index) {
        threads.emplace_back([&] {
            for (int round = 0; round < kRounds; ++round) {
                SpinLockScope scope(lock);
                ++counter;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(counter, kThreads * kRounds);
}

}  // namespace
}  // namespace dearth::hooks
