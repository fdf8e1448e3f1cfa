#include "hooks/base/raw_output.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

std::string text_of(const RawOutput& output) {
    return {output.data(), output.length()};
}

TEST(RawOutput, FormatsNumbersAtTheirLimits) {
    RawOutput output;
    output.decimal(0).text(" ").decimal(UINT64_MAX).text(" ");
    output.signed_decimal(INT64_MIN).text(" ").signed_decimal(-1).text(" ").signed_decimal(5);
    output.text(" ").hex(0).text(" ").hex(UINT64_MAX);
    EXPECT_EQ(text_of(output),
              "0 18446744073709551615 -9223372036854775808 -1 5 0x0 0xffffffffffffffff");
}

TEST(RawOutput, MarksWhatDidNotFit) {
    const auto output = tests::output_of_child([] {
        RawOutput cut;
        for (int line = 0; line < 1000; ++line) {
            cut.text("0123456789");
        }
        EXPECT_TRUE(cut.is_cut());
        cut.write_to(STDERR_FILENO);
        EXPECT_EQ(cut.length(), 0u);
    });
    EXPECT_EQ(output.err.size(), 4096u);
    EXPECT_EQ(output.err.substr(output.err.size() - 4), "...\n");
}

TEST(RawOutput, KeepsErrnoWhenNobodyListens) {
    RawOutput output;
    output.text("lost");
    errno = EDOM;
    output.write_to(-1);
    EXPECT_EQ(errno, EDOM);
}

TEST(CopyText, AlwaysTerminates) {
    char target[4] = {'x', 'x', 'x', 'x'};
    EXPECT_EQ(copy_text(target, sizeof(target), "abcdef"), 3u);
    EXPECT_STREQ(target, "abc");
    EXPECT_EQ(copy_text(target, 1, "abc"), 0u);
    EXPECT_STREQ(target, "");
    EXPECT_EQ(copy_text(nullptr, 0, "abc"), 0u);
}

}  // namespace
}  // namespace dearth::hooks
