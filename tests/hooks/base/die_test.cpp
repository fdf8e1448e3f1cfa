#include "hooks/base/die.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

TEST(Die, SaysWhatAndAborts) {
    const auto output = tests::output_of_child([] { die("a reason"); });
    EXPECT_TRUE(WIFSIGNALED(output.status));
    EXPECT_EQ(WTERMSIG(output.status), SIGABRT);
    EXPECT_EQ(output.err, "dearth: internal error: a reason\n");
}

TEST(Die, TellsTheRecorderFirst) {
    const auto output = tests::output_of_child([] {
        set_die_recorder([](const char* what) {
            EXPECT_STREQ(what, "a reason");
            _exit(42);
        });
        die("a reason");
    });
    EXPECT_TRUE(WIFEXITED(output.status));
    EXPECT_EQ(WEXITSTATUS(output.status), 42);
    EXPECT_EQ(output.err, "");
}

}  // namespace
}  // namespace dearth::hooks
