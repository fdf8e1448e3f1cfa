#include "harness/oracle/text_match.h"

#include <gtest/gtest.h>

namespace dearth::harness {
namespace {

std::optional<bool> found(const char* pattern, bool is_regex, const std::string& text) {
    return TextMatcher(TextPattern{pattern, is_regex}).is_in(text);
}

TEST(TextMatcher, TextIsFoundAsItStands) {
    EXPECT_EQ(found("a.c", false, "xa.cx"), true);
    EXPECT_EQ(found("a.c", false, "abc"), false);
    EXPECT_EQ(found("", false, ""), true);
}

TEST(TextMatcher, RegularExpressionsMatchAtLines) {
    EXPECT_EQ(found("^b.d$", true, "abc\nbcd\n"), true);
    EXPECT_EQ(found("^c", true, "abc\nbcd\n"), false);
    EXPECT_EQ(found("c\\nb", true, "abc\nbcd\n"), true);
}

TEST(TextMatcher, LongTextsMatchTheSameWayLineByLine) {
    std::string text;
    for (int i = 0; i < 2000; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    EXPECT_EQ(found("^line 1999$", true, text), true);
    EXPECT_EQ(found("^line 2000$", true, text), false);
    EXPECT_EQ(found("8\\nline 1999", true, text), std::nullopt) << "cannot tell, not false";
}

// Recursion once a character would end the stack, backtracking would never end.
TEST(TextMatcher, NoTextEndsTheStackOrTakesForEver) {
    const std::string text = std::string(64 * 1024, 'a') + "\n";
    EXPECT_EQ(found("(a|aa)*b", true, text), std::nullopt)
        << "the line is longer than is looked at";
    EXPECT_EQ(found("(a|a)*$", true, text), true);
}

TEST(TextMatcher, UnusablePatternsSayWhy) {
    for (const char* pattern : {"(", "[z", "a{3", "(a)\\1"}) {
        const TextMatcher matcher(TextPattern{pattern, true});
        EXPECT_FALSE(matcher.problem().empty()) << pattern;
        EXPECT_EQ(matcher.is_in("aaa"), std::nullopt) << pattern;
    }
}

}  // namespace
}  // namespace dearth::harness
