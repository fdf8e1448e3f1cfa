// Lock for short sections, usable before main, after exit, inside malloc and around fork; valid
// when zero. A process with one thread does not pay for it: libc says when that is so.
#pragma once

#include <sched.h>
#include <stdint.h>
#include <sys/single_threaded.h>

namespace dearth::hooks {

class SpinLock {
public:
    // Out of line: it would fill every fast path with code that one thread never runs.
    __attribute__((noinline, cold)) void lock() noexcept {
        int spins = 0;
        while (__atomic_exchange_n(&state_, 1, __ATOMIC_ACQUIRE) != 0) {
            // The owner may have lost its processor: after some tries give it ours.
            if (++spins >= kSpinsBeforeYield) {
                sched_yield();
                spins = 0;
            }
            __builtin_ia32_pause();
        }
    }

    bool try_lock() noexcept { return __atomic_exchange_n(&state_, 1, __ATOMIC_ACQUIRE) == 0; }

    void unlock() noexcept { __atomic_store_n(&state_, 0, __ATOMIC_RELEASE); }

private:
    static constexpr int kSpinsBeforeYield = 100;
    uint32_t state_ = 0;
};

/// Holds the lock over a scope, unless the process has a single thread.
class SpinLockScope {
public:
    explicit SpinLockScope(SpinLock& lock) noexcept
        : SpinLockScope(lock, __libc_single_threaded != 0) {}

    /// For who has asked libc already.
    SpinLockScope(SpinLock& lock, bool is_alone) noexcept : lock_(is_alone ? nullptr : &lock) {
        if (lock_ != nullptr) {
            lock_->lock();
        }
    }
    ~SpinLockScope() {
        // Decided once: a thread started in between must not make us unlock what we never locked.
        if (lock_ != nullptr) {
            lock_->unlock();
        }
    }
    SpinLockScope(const SpinLockScope&) = delete;
    SpinLockScope& operator=(const SpinLockScope&) = delete;

private:
    SpinLock* lock_;
};

}  // namespace dearth::hooks
