#include "hooks/record/call_stack.h"

#include <dlfcn.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdint>

#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

__attribute__((noinline)) size_t inner_entry(void** frames, size_t max_frames) {
    const size_t depth = capture(frames, max_frames, __builtin_return_address(0));
    __asm__ volatile("" ::: "memory");
    return depth;
}

__attribute__((noinline)) size_t calling_function(void** frames, void** own_caller) {
    *own_caller = __builtin_return_address(0);
    const size_t depth = inner_entry(frames, 8);
    __asm__ volatile("" ::: "memory");
    return depth;
}

TEST(CallStack, StartsAtTheCallerOfTheEntry) {
    ASSERT_NE(call_stack_prepare(), StackSource::kNone);
    void* frames[8] = {};
    void* own_caller = nullptr;
    const size_t depth = calling_function(frames, &own_caller);
    ASSERT_GT(depth, 1u);
    // First a place in calling_function, then the place where this test called it.
    EXPECT_EQ(frames[1], own_caller);
}

TEST(CallStack, UnknownCallerKeepsTheWholeStack) {
    call_stack_prepare();
    void* frames[32] = {};
    EXPECT_GT(capture(frames, 32, reinterpret_cast<void*>(1)), 1u);
    EXPECT_GT(capture(frames, 32, nullptr), 1u);
}

TEST(CallStack, NeverWritesBeyondTheCapacity) {
    call_stack_prepare();
    void* frames[3] = {nullptr, nullptr, frames};
    EXPECT_EQ(capture(frames, 2, nullptr), 2u);
    EXPECT_EQ(frames[2], static_cast<void*>(frames));
    EXPECT_EQ(capture(frames, 0, nullptr), 0u);
}

TEST(CallStack, NeitherAllocatesNorChangesErrnoOncePrepared) {
    call_stack_prepare();
    void* frames[24];
    capture(frames, 24, nullptr);
    errno = EDOM;
    const size_t before = mallinfo2().uordblks;
    for (int round = 0; round < 1000; ++round) {
        capture(frames, 24, nullptr);
    }
    EXPECT_EQ(mallinfo2().uordblks, before);
    EXPECT_EQ(errno, EDOM);
}

void* signal_frames[24];
size_t signal_depth = 0;

void on_fault(int, siginfo_t* info, void* context) {
    signal_depth = capture_from_signal(signal_frames, 24, context);
    // The page becomes writable and the instruction is tried again.
    mprotect(info->si_addr, 1, PROT_READ | PROT_WRITE);
}

TEST(CallStack, FromASignalStartsAtTheFaultingInstruction) {
    tests::run_in_child([] {
        call_stack_prepare();
        struct sigaction action = {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGSEGV, &action, nullptr);
        void* page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *static_cast<volatile char*>(page) = 1;
        ASSERT_GT(signal_depth, 1u);
        Dl_info at_fault = {};
        Dl_info here = {};
        ASSERT_NE(dladdr(signal_frames[0], &at_fault), 0);
        ASSERT_NE(dladdr(reinterpret_cast<void*>(&on_fault), &here), 0);
        EXPECT_EQ(at_fault.dli_fbase, here.dli_fbase);
    });
}

}  // namespace
}  // namespace dearth::hooks
