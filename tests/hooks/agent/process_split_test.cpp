// A split-off child is an ordinary process in all that a trial needs: it ends by itself, its locks
// are its own, and the parent hears nothing of it but through its descriptor.
#include "hooks/agent/process_split.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>

namespace dearth::hooks {
namespace {

constexpr int kDeadlineMs = 10'000;

template <typename Body>
SplitEnd end_of(Body body) {
    const SplitResult split = split_process();
    EXPECT_EQ(split.error, 0);
    if (split.is_child) {
        body();
        _exit(99);
    }
    pollfd wait = {split.pid_fd, POLLIN, 0};
    if (poll(&wait, 1, kDeadlineMs) != 1) {
        ADD_FAILURE() << "the child hangs";
        kill_split(split.pid_fd);
    }
    return reap_split(split.pid_fd);
}

TEST(ProcessSplit, ReportsExitStatusAndSignal) {
    const SplitEnd exited = end_of([] { _exit(7); });
    EXPECT_FALSE(exited.was_signaled);
    EXPECT_EQ(exited.code, 7);
    const SplitEnd killed = end_of([] { kill(getpid(), SIGKILL); });
    EXPECT_TRUE(killed.was_signaled);
    EXPECT_EQ(killed.code, SIGKILL);
}

TEST(ProcessSplit, AbortAndRaiseReachTheChild) {
    EXPECT_EQ(end_of([] { abort(); }).code, SIGABRT);
    EXPECT_EQ(end_of([] {
                  signal(SIGTERM, SIG_DFL);
                  raise(SIGTERM);
              }).code,
              SIGTERM);
}

// What a forked child of libc's cannot do: the lock knows its owner by thread id.
TEST(ProcessSplit, LocksHeldAtTheSplitOpenInTheChild) {
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    ASSERT_EQ(pthread_rwlock_wrlock(&lock), 0);
    const SplitEnd end = end_of([] {
        pthread_rwlock_unlock(&lock);
        const bool opens = pthread_rwlock_wrlock(&lock) == 0 && setlocale(LC_ALL, "C") != nullptr;
        _exit(opens ? 0 : 1);
    });
    pthread_rwlock_unlock(&lock);
    EXPECT_EQ(end.code, 0);
    EXPECT_FALSE(end.was_signaled);
}

TEST(ProcessSplit, TheTargetNeverLearnsOfItsChildren) {
    static volatile sig_atomic_t signals = 0;
    struct sigaction count = {};
    struct sigaction before = {};
    count.sa_handler = [](int) { signals = signals + 1; };
    sigaction(SIGCHLD, &count, &before);
    end_of([] { _exit(0); });
    sigaction(SIGCHLD, &before, nullptr);
    EXPECT_EQ(signals, 0);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace dearth::hooks
