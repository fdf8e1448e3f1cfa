// The laws of ddmin: what is left still shows it, nothing can be left out, no set is run twice.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "harness/triage/minimize.h"

namespace dearth::harness {
namespace {

using Items = std::vector<uint64_t>;

bool includes(const Items& items, const std::set<uint64_t>& needed) {
    return std::all_of(needed.begin(), needed.end(), [&items](uint64_t item) {
        return std::find(items.begin(), items.end(), item) != items.end();
    });
}

Items some_items(size_t count) {
    Items items(count);
    std::iota(items.begin(), items.end(), uint64_t{1});
    return items;
}

RC_GTEST_PROP(MinimizeSet, FindsExactlyTheItemsThatAreNeededTogether, ()) {
    const auto count = *rc::gen::inRange<size_t>(1, 60);
    const auto needed =
        *rc::gen::container<std::set<uint64_t>>(rc::gen::inRange<uint64_t>(1, count + 1));
    const MinimizedSet result = minimize_set(
        some_items(count), [&](const Items& items) { return includes(items, needed); }, 100'000);
    RC_ASSERT(result.is_minimal);
    RC_ASSERT(result.kept == Items(needed.begin(), needed.end()));
}

// Any question at all, monotone or not: a hash of the set decides.
RC_GTEST_PROP(MinimizeSet, WhatIsLeftShowsItAndIsOneMinimal, ()) {
    const auto salt = *rc::gen::arbitrary<uint64_t>();
    const auto rarity = *rc::gen::inRange<uint64_t>(1, 5);
    const Items all = some_items(*rc::gen::inRange<size_t>(1, 24));
    std::set<Items> asked;
    bool asked_twice = false;
    const auto shows = [&](const Items& items) {
        uint64_t hash = salt;
        for (const uint64_t item : items) {
            hash = (hash ^ item) * 0x9E3779B97F4A7C15u;
            hash ^= hash >> 29;
        }
        return items == all || hash % rarity == 0;
    };
    const MinimizedSet result = minimize_set(
        all,
        [&](const Items& items) {
            asked_twice |= !asked.insert(items).second;
            return shows(items);
        },
        100'000);
    RC_ASSERT(!asked_twice);
    RC_ASSERT(result.runs == asked.size());
    RC_ASSERT(result.is_minimal);
    RC_ASSERT(shows(result.kept));
    for (size_t i = 0; i < result.kept.size(); ++i) {
        Items rest = result.kept;
        rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
        RC_ASSERT(!shows(rest));
    }
}

RC_GTEST_PROP(MinimizeSet, KeepsItsBoundAndStillShowsIt, ()) {
    const auto count = *rc::gen::inRange<size_t>(2, 40);
    const auto limit = *rc::gen::inRange<uint32_t>(0, 30);
    const std::set<uint64_t> needed = {1, count};
    uint32_t runs = 0;
    const MinimizedSet result = minimize_set(
        some_items(count),
        [&](const Items& items) {
            ++runs;
            return includes(items, needed);
        },
        limit);
    RC_ASSERT(runs <= limit);
    RC_ASSERT(result.runs == runs);
    RC_ASSERT(includes(result.kept, needed));
}

}  // namespace
}  // namespace dearth::harness
