#include <gtest/gtest.h>

#include <cstring>

#include "hooks/record/call_stack.h"
#include "hooks/record/stack_depot.h"

// Visible and with C names, so that dynamic symbols know them.
extern "C" {
__attribute__((noinline, visibility("default"))) unsigned dearth_test_inner() {
    dearth::hooks::call_stack_prepare();
    const unsigned id = dearth::hooks::intern_current_stack(nullptr);
    __asm__ volatile("" ::: "memory");
    return id;
}

__attribute__((noinline, visibility("default"))) unsigned dearth_test_outer() {
    const unsigned id = dearth_test_inner();
    __asm__ volatile("" ::: "memory");
    return id;
}
}

namespace dearth::hooks {
namespace {

int matcher_calls = 0;

bool equal_texts(const char* glob, const char* text) noexcept {
    ++matcher_calls;
    return std::strcmp(glob, text) == 0;
}

TEST(StackPatterns, FindAFunctionAnywhereInTheStack) {
    const StackId id = dearth_test_outer();
    EXPECT_TRUE(stack_matches_function(id, "dearth_test_inner", equal_texts));
    EXPECT_TRUE(stack_matches_function(id, "dearth_test_outer", equal_texts));
    EXPECT_FALSE(stack_matches_function(id, "dearth_test_other", equal_texts));
    EXPECT_FALSE(stack_matches_function(0, "dearth_test_inner", equal_texts));
}

TEST(StackPatterns, ModuleIsThatOfTheInnermostFrame) {
    const StackId id = dearth_test_outer();
    EXPECT_TRUE(stack_matches_module(id, "hooks_record_test", equal_texts));
    EXPECT_FALSE(stack_matches_module(id, "libc.so.6", equal_texts));
}

TEST(StackPatterns, AreAskedOncePerStackAndPattern) {
    const StackId id = dearth_test_outer();
    const bool first = stack_matches_function(id, "asked once", equal_texts);
    matcher_calls = 0;
    EXPECT_EQ(stack_matches_function(id, "asked once", equal_texts), first);
    EXPECT_EQ(matcher_calls, 0);
}

TEST(StackPatterns, MorePatternsThanTheCacheHoldsAreStillAnswered) {
    const StackId id = dearth_test_outer();
    for (int index = 0; index < 200; ++index) {
        const std::string glob = "pattern" + std::to_string(index);
        EXPECT_FALSE(stack_matches_function(id, glob.c_str(), equal_texts));
    }
    EXPECT_TRUE(stack_matches_function(id, "dearth_test_inner", equal_texts));
}

}  // namespace
}  // namespace dearth::hooks
