// The bounds of the first thread's stack, against what libc says of them.
#include "hooks/agent/main_stack.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>

namespace dearth::hooks {
namespace {

TEST(MainStackTest, AgreesWithLibc) {
    rlimit limit = {};
    getrlimit(RLIMIT_STACK, &limit);
    if (limit.rlim_cur == RLIM_INFINITY)
        GTEST_SKIP() << "the stack has no limit here";
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    void* low = nullptr;
    size_t bytes = 0;
    pthread_attr_getstack(&attributes, &low, &bytes);
    pthread_attr_destroy(&attributes);
    const StackRange range = main_stack_range();
    // libc starts from the first frame's page, the kernel from the mapping's end: strings of the
    // environment lie in between.
    const uintptr_t libc_high = reinterpret_cast<uintptr_t>(low) + bytes;
    EXPECT_GE(range.high, libc_high);
    EXPECT_LT(range.high - libc_high, limit.rlim_cur);
    EXPECT_EQ(range.high - range.low, limit.rlim_cur);
    EXPECT_LT(range.low, reinterpret_cast<uintptr_t>(&limit));
    EXPECT_GT(range.high, reinterpret_cast<uintptr_t>(&limit));
}

}  // namespace
}  // namespace dearth::hooks
