// Locks that must be free in a forked child: taken before libc's fork, released on both sides
// after it. Without this a child inherits a lock whose owner does not exist there.
#pragma once

#include "hooks/base/spin_lock.h"

namespace dearth::hooks {

/// Order in which the locks are taken; a lock may be held while waiting for a later one only.
enum class LockRank : unsigned {
    kSchedule,
    kQuarantine,
    kPagePool,
    kLedger,
    kDepot,
    kPatterns,
    kModules,
    kDirect,
    kUnwinder
};

/// Adds a lock with static life to those that fork takes. Adding it again does nothing.
void add_fork_lock(SpinLock& lock, LockRank rank) noexcept;

}  // namespace dearth::hooks
