#include "hooks/layers/place_table.h"

#include <gtest/gtest.h>

#include <string>

namespace dearth::hooks {
namespace {

std::string text_of(uint32_t number, size_t capacity) {
    std::string text(capacity, 'x');
    place_text(number, text.data(), capacity);
    return text.c_str();
}

TEST(PlaceTable, EqualPlacesHaveOneNumber) {
    static const char kFile[] = "folder/file.c";
    const uint32_t number = place_number(kFile, 12);
    ASSERT_NE(number, 0u);
    EXPECT_EQ(place_number(kFile, 12), number);
    EXPECT_NE(place_number(kFile, 13), number);
    EXPECT_EQ(text_of(number, 64), "folder/file.c:12");
}

TEST(PlaceTable, LongPathsLoseTheirBeginning) {
    static const char kFile[] = "a/long/folder/name/file.c";
    const uint32_t number = place_number(kFile, 7);
    EXPECT_EQ(text_of(number, 9), "file.c:7");
    EXPECT_EQ(text_of(number, 8), "ile.c:7");
    EXPECT_EQ(text_of(number, 2), ":");
    EXPECT_EQ(text_of(number, 1), "");
}

TEST(PlaceTable, NoPlaceIsNumberZeroAndEmptyText) {
    EXPECT_EQ(place_number(nullptr, 3), 0u);
    EXPECT_EQ(text_of(0, 8), "");
    EXPECT_EQ(text_of(UINT32_MAX, 8), "");
}

TEST(PlaceTable, FullTableGivesNoNumberAndKeepsTheOldOnes) {
    static const char kFile[] = "many.c";
    const uint32_t first = place_number(kFile, 100000);
    for (int line = 0; line < 5000; ++line) {
        EXPECT_LT(place_number(kFile, line), 4096u);
    }
    EXPECT_EQ(place_number(kFile, 999999), 0u);
    EXPECT_EQ(place_number(kFile, 100000), first);
}

}  // namespace
}  // namespace dearth::hooks
