// What a report shows of damage: the changed bytes nearest to the block, in ascending order.
#include "hooks/layers/shown_bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace dearth::hooks {
namespace {

using Bytes = std::vector<uint8_t>;

struct Shown {
    Bytes found;
    Bytes expected;
    int64_t distance;
};

// A guard of 0xFD with changes, mended between the two steps as layers do.
Shown show(Bytes guard, size_t nearest, bool is_front) {
    dearth_misuse misuse = {};
    const size_t room = is_front ? nearest + 1 : guard.size() - nearest;
    misuse.distance_bytes = is_front
                                ? static_cast<int64_t>(nearest) - static_cast<int64_t>(guard.size())
                                : static_cast<int64_t>(nearest);
    const ShownEdge edge = {guard.data() + nearest, room, is_front};
    show_found(misuse, edge);
    std::fill(guard.begin(), guard.end(), uint8_t{0xFD});
    show_expected(misuse, edge);
    return {Bytes(misuse.found, misuse.found + misuse.shown_bytes),
            Bytes(misuse.expected, misuse.expected + misuse.shown_bytes),
            misuse.shown_distance_bytes};
}

Bytes guard_with(size_t size, std::initializer_list<size_t> changed) {
    Bytes guard(size, 0xFD);
    for (const size_t index : changed) {
        guard[index] = static_cast<uint8_t>(index + 1);
    }
    return guard;
}

TEST(ShownBytes, BehindABlockFromTheNearestToTheLastChanged) {
    const Shown shown = show(guard_with(16, {2, 4}), 2, false);
    EXPECT_EQ(shown.found, (Bytes{3, 0xFD, 5}));
    EXPECT_EQ(shown.expected, (Bytes{0xFD, 0xFD, 0xFD}));
    EXPECT_EQ(shown.distance, 2);
}

TEST(ShownBytes, InFrontOfABlockFromTheFarthestToTheNearestChanged) {
    const Shown shown = show(guard_with(16, {10, 14}), 14, true);
    EXPECT_EQ(shown.found, (Bytes{11, 0xFD, 0xFD, 0xFD, 15}));
    EXPECT_EQ(shown.distance, -6) << "of the first one shown";
}

TEST(ShownBytes, NoMoreThanThereIsRoomFor) {
    const Shown behind = show(Bytes(100, 0x41), 0, false);
    EXPECT_EQ(behind.found, Bytes(DEARTH_SHOWN_BYTES_MAX, 0x41));
    EXPECT_EQ(behind.distance, 0);
    const Shown before = show(Bytes(100, 0x41), 99, true);
    EXPECT_EQ(before.found, Bytes(DEARTH_SHOWN_BYTES_MAX, 0x41));
    EXPECT_EQ(before.distance, -DEARTH_SHOWN_BYTES_MAX);
}

TEST(ShownBytes, AtTheVeryEndOfTheGuard) {
    EXPECT_EQ(show(guard_with(8, {7}), 7, false).found, Bytes{8});
    EXPECT_EQ(show(guard_with(8, {0}), 0, true).found, Bytes{1});
}

}  // namespace
}  // namespace dearth::hooks
