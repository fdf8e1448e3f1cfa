// Globs by example, and the pattern that makes naive matchers take for ever.
#include <gtest/gtest.h>

#include <string>

#include "hooks/schedule/schedule_decision.h"

namespace dearth::hooks {

namespace {

TEST(Glob, MatchesWholeTexts) {
    struct Case {
        const char* pattern;
        const char* text;
        bool matches;
    };
    const Case cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"abc", "abc", true},
        {"abc", "abcd", false},
        {"*", "", true},
        {"*", "anything", true},
        {"lua_*", "lua_newstate", true},
        {"lua_*", "luaL_ref", false},
        {"*state", "lua_newstate", true},
        {"*a*b*c", "xaybzbc", true},
        {"*a*b*c", "xaybzb", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"[abc]x", "bx", true},
        {"[abc]x", "dx", false},
        {"[a-c]x", "bx", true},
        {"[!a-c]x", "bx", false},
        {"[^a-c]x", "dx", true},
        {"[]]", "]", true},
        {"[a-]", "-", true},
        {"[abc", "[abc", true},
        {"[abc", "a", false},
        {"*[0-9]", "v12", true},
        {"?", "[", true},
        {"a**b", "ab", true},
        {"[\x80-\xff]", "\xc3", true},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(std::string(each.pattern) + " on " + each.text);
        EXPECT_EQ(glob_matches(each.pattern, each.text), each.matches);
    }
    EXPECT_FALSE(glob_matches("*", nullptr));
    EXPECT_FALSE(glob_matches(nullptr, "a"));
}

TEST(Glob, TakesNoExponentialTime) {
    const std::string text(2000, 'a');
    EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text.c_str()));
}

}  // namespace

}  // namespace dearth::hooks
