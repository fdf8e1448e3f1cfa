// A fixed list, in order of rank, and libc's fork hooks; see the header.
#include "hooks/base/fork_locks.h"

#include <pthread.h>
#include <stddef.h>

#include "hooks/base/die.h"

namespace dearth::hooks {

namespace {

constexpr size_t kLocksMax = 32;

struct RankedLock {
    SpinLock* lock;
    LockRank rank;
};
constinit RankedLock locks[kLocksMax] = {};
constinit size_t lock_count = 0;
constinit SpinLock list_lock;

void take_all() noexcept {
    list_lock.lock();
    for (size_t index = 0; index < lock_count; ++index) {
        locks[index].lock->lock();
    }
}

void release_all() noexcept {
    for (size_t index = lock_count; index > 0; --index) {
        locks[index - 1].lock->unlock();
    }
    list_lock.unlock();
}

bool is_listed(const SpinLock& lock) noexcept {
    for (size_t index = 0; index < lock_count; ++index) {
        if (locks[index].lock == &lock) {
            return true;
        }
    }
    return false;
}

}  // namespace

void add_fork_lock(SpinLock& lock, LockRank rank) noexcept {
    SpinLockScope scope(list_lock);
    if (is_listed(lock)) {
        return;
    }
    if (lock_count == kLocksMax) {
        die("more locks than the fork list holds");
    }
    if (lock_count == 0 && pthread_atfork(take_all, release_all, release_all) != 0) {
        die("libc refused the fork hooks");
    }
    size_t place = lock_count++;
    for (; place > 0 && locks[place - 1].rank > rank; --place) {
        locks[place] = locks[place - 1];
    }
    locks[place] = RankedLock{&lock, rank};
}

}  // namespace dearth::hooks
