#include "harness/base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace dearth::harness {
namespace {

TEST(EditDistance, CountsInsertsDeletesReplacementsAndSwaps) {
    EXPECT_EQ(edit_distance("engine", "engine"), 0u);
    EXPECT_EQ(edit_distance("enigne", "engine"), 1u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
    EXPECT_EQ(edit_distance("scrip", "script"), 1u);
}

RC_GTEST_PROP(EditDistance, IsSymmetricAndBoundedByTheLongerWord,
              (const std::string& left, const std::string& right)) {
    const size_t distance = edit_distance(left, right);
    RC_ASSERT(distance == edit_distance(right, left));
    RC_ASSERT(distance <= std::max(left.size(), right.size()));
    RC_ASSERT((distance == 0) == (left == right));
}

TEST(NearestWord, TakesSlipsAndRefusesStrangers) {
    constexpr std::array<std::string_view, 3> kWords = {"engine", "script", "env"};
    EXPECT_EQ(nearest_word("enigne", kWords), "engine");
    EXPECT_EQ(nearest_word("scripts", kWords), "script");
    EXPECT_EQ(nearest_word("en", kWords), "env");
    EXPECT_EQ(nearest_word("banana", kWords), std::nullopt);
    EXPECT_EQ(nearest_word("", kWords), std::nullopt);
    EXPECT_EQ(nearest_word(std::string(1'000'000, 'e'), kWords), std::nullopt);
    constexpr std::array<std::string_view, 1> kLetter = {"x"};
    EXPECT_EQ(nearest_word("y", kLetter), std::nullopt);
}

TEST(Plural, NamesOneAndMany) {
    EXPECT_EQ(plural(1, "trial"), "1 trial");
    EXPECT_EQ(plural(0, "trial"), "0 trials");
    EXPECT_EQ(plural(2, "child", "children"), "2 children");
}

TEST(Size, ReadsAndWritesExactUnits) {
    EXPECT_EQ(size_text(0), "0B");
    EXPECT_EQ(size_text(64), "64B");
    EXPECT_EQ(size_text(1536u << 10), "1536KiB");
    EXPECT_EQ(size_text(8u << 20), "8MiB");
    EXPECT_EQ(size_from_text("8MiB"), 8u << 20);
    EXPECT_EQ(rounded_size_text(1536), "1.5 KiB");
    EXPECT_EQ(rounded_size_text(64), "64 B");
    for (const std::string_view wrong : {"", "8", "MiB", "8MB", "-8B", "8 B", "8.5MiB", "8mib",
                                         "99999999999999999999B", "17179869184GiB"}) {
        EXPECT_EQ(size_from_text(wrong), std::nullopt) << wrong;
    }
}

RC_GTEST_PROP(Size, TextReadsBack, (uint64_t bytes)) {
    RC_ASSERT(size_from_text(size_text(bytes)) == bytes);
}

RC_GTEST_PROP(Duration, TextReadsBack, (uint64_t milliseconds)) {
    RC_ASSERT(duration_from_text(duration_text(milliseconds)) == milliseconds);
}

TEST(Duration, ReadsAndWritesExactUnits) {
    EXPECT_EQ(duration_text(250), "250ms");
    EXPECT_EQ(duration_text(90'000), "90s");
    EXPECT_EQ(duration_text(120'000), "2min");
    EXPECT_EQ(duration_from_text("2min"), 120'000u);
    EXPECT_EQ(duration_from_text("5m"), std::nullopt);
    EXPECT_EQ(duration_from_text("5"), std::nullopt);
}

TEST(WholeNumber, EndsAtSixtyFourBits) {
    EXPECT_EQ(whole_number_from_text("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(whole_number_from_text("18446744073709551616"), std::nullopt);
    EXPECT_EQ(whole_number_from_text("+1"), std::nullopt);
    EXPECT_EQ(whole_number_from_text("1_000"), std::nullopt);
}

TEST(Utf8, FindsTheFirstByteThatIsNone) {
    EXPECT_EQ(first_invalid_utf8("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), std::nullopt);
    EXPECT_EQ(first_invalid_utf8("ab\xFFz"), 2u);
    EXPECT_EQ(first_invalid_utf8("\xC0\x80"), 0u) << "overlong";
    EXPECT_EQ(first_invalid_utf8("\xED\xA0\x80"), 0u) << "surrogate";
    EXPECT_EQ(first_invalid_utf8("\xF4\x90\x80\x80"), 0u) << "past U+10FFFF";
    EXPECT_EQ(first_invalid_utf8("a\xC3"), 1u) << "cut";
    EXPECT_EQ(code_point_count("caf\xC3\xA9"), 4u);
    EXPECT_EQ(code_point_count("\xFF\xFF"), 2u);
}

TEST(PrintableText, CannotDriveATerminal) {
    EXPECT_EQ(printable_text("a\x1B[31mb\n"), "a\\x1B[31mb\\x0A");
    EXPECT_EQ(printable_text("\xC2\x9B"
                             "31m"),
              "\\x9B31m");
    EXPECT_EQ(printable_text("caf\xC3\xA9 \xFF"), "caf\xC3\xA9 \\xFF");
}

RC_GTEST_PROP(PrintableText, HasNoControlCharactersAndIsUtf8, (const std::string& text)) {
    const std::string shown = printable_text(text);
    RC_ASSERT(first_invalid_utf8(shown) == std::nullopt);
    for (const char letter : shown) {
        RC_ASSERT((static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7F));
    }
}

TEST(JsonEscaped, QuotesWhatJsonQuotes) {
    EXPECT_EQ(json_escaped("a\"\\\n\t\x01\xFF"), "a\\\"\\\\\\n\\t\\u0001\\ufffd");
}

TEST(Shortened, CutsBetweenCodePoints) {
    EXPECT_EQ(shortened("short", 10), "short");
    EXPECT_EQ(shortened("0123456789", 8), "01234...");
    EXPECT_EQ(shortened("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 6), "\xC3\xA9...");
}

RC_GTEST_PROP(Shortened, KeepsItsBound, (const std::string& text)) {
    const auto bound = *rc::gen::inRange<size_t>(0, 40);
    RC_ASSERT(shortened(text, bound).size() <= bound);
}

TEST(Split, GivesOnePieceMoreThanSeparators) {
    EXPECT_EQ(split("a|b||", '|').size(), 4u);
    EXPECT_EQ(split("", '|').size(), 1u);
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
}

}  // namespace
}  // namespace dearth::harness
