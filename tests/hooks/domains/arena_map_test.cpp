// Which addresses belong: exactly those added, whatever the address and wherever an arena starts.
#include "hooks/domains/arena_map.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>

#include "dearth/allocator.h"

namespace dearth::hooks {

namespace {

constexpr uintptr_t kArena = DEARTH_ARENA_BYTES;
constexpr uintptr_t kBase = uintptr_t{0x7f0000000000};

TEST(ArenaMap, ContainsNothingAtFirst) {
    const auto map = std::make_unique<ArenaMap>();
    for (const uintptr_t address : {uintptr_t{0}, uintptr_t{1}, kBase, UINTPTR_MAX}) {
        EXPECT_FALSE(map->contains(address)) << std::hex << address;
    }
}

TEST(ArenaMap, ContainsExactlyWhatWasAdded) {
    for (const uintptr_t offset : {uintptr_t{0}, uintptr_t{4096}, kArena / 2, kArena - 4096}) {
        const auto map = std::make_unique<ArenaMap>();
        const uintptr_t begin = kBase + offset;
        ASSERT_TRUE(map->add(begin, begin + kArena));
        EXPECT_TRUE(map->contains(begin));
        EXPECT_TRUE(map->contains(begin + kArena - 1));
        EXPECT_FALSE(map->contains(begin - 1));
        EXPECT_FALSE(map->contains(begin + kArena));
        map->remove(begin, begin + kArena);
        EXPECT_FALSE(map->contains(begin));
        EXPECT_FALSE(map->contains(begin + kArena - 1));
    }
}

TEST(ArenaMap, RefusesWhatIsThereAlreadyOrCannotBe) {
    const auto map = std::make_unique<ArenaMap>();
    ASSERT_TRUE(map->add(kBase, kBase + kArena));
    EXPECT_FALSE(map->add(kBase, kBase + kArena));
    EXPECT_FALSE(map->add(kBase + 4096, kBase + 4096 + kArena));
    EXPECT_FALSE(map->add(kBase - 4096, kBase - 4096 + kArena));
    EXPECT_FALSE(map->add(kBase + kArena, kBase + kArena)) << "empty";
    EXPECT_FALSE(map->add(UINTPTR_MAX - kArena, UINTPTR_MAX)) << "beyond the table";
    EXPECT_FALSE(map->contains(kBase - 4096));
}

// Arenas anywhere on the pages of a few table entries, added and removed in any order.
RC_GTEST_PROP(ArenaMap, AgreesWithASetOfRanges, ()) {
    const auto map = std::make_unique<ArenaMap>();
    std::map<uintptr_t, uintptr_t> model;
    const auto pages = *rc::gen::container<std::vector<uintptr_t>>(
        rc::gen::inRange<uintptr_t>(0, 6 * kArena / 4096));
    for (const uintptr_t page : pages) {
        const uintptr_t begin = kBase - kArena + page * 4096;
        // One page less, as when an arena starts between two pages.
        const uintptr_t length = page % 2 == 0 ? kArena : kArena - 4096;
        const bool is_known = model.contains(begin);
        if (is_known) {
            map->remove(begin, model[begin]);
            model.erase(begin);
        } else {
            bool is_free = true;
            for (const auto& [from, to] : model) {
                is_free = is_free && (begin + kArena <= from || to + 4096 <= begin);
            }
            if (!is_free) {
                continue;
            }
            RC_ASSERT(map->add(begin, begin + length));
            model[begin] = begin + length;
        }
        for (uintptr_t each = kBase - 2 * kArena; each < kBase + 8 * kArena; each += 4096) {
            bool is_in = false;
            for (const auto& [from, to] : model) {
                is_in = is_in || (each >= from && each < to);
            }
            RC_ASSERT(map->contains(each) == is_in);
        }
    }
}

}  // namespace

}  // namespace dearth::hooks
