// A lock that another thread holds at the moment of fork must be free in the child. Seen by
// forking while a thread takes and releases it as fast as it can.
#include "hooks/base/fork_locks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

constinit SpinLock tested_lock;

TEST(ForkLocks, AreFreeInAChild) {
    add_fork_lock(tested_lock, LockRank::kLedger);
    add_fork_lock(tested_lock, LockRank::kLedger);
    std::atomic<bool> is_done = false;
    std::thread other([&] {
        while (!is_done) {
            tested_lock.lock();
            tested_lock.unlock();
        }
    });
    for (int round = 0; round < 20; ++round) {
        tests::run_in_child([] {
            tested_lock.lock();
            tested_lock.unlock();
        });
    }
    is_done = true;
    other.join();
}

}  // namespace
}  // namespace dearth::hooks
