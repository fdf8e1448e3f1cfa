// Random bits at a position: the published values of SplitMix64, and streams that do not overlap.
#include "hooks/base/prng.h"

#include <gtest/gtest.h>

#include <set>

namespace dearth::hooks {

namespace {

// The first outputs of SplitMix64 from state 0: step n mixes n times the golden step.
TEST(Prng, MixesAsPublished) {
    EXPECT_EQ(mix_bits(kGoldenStep), UINT64_C(0xE220A8397B1DCDAF));
    EXPECT_EQ(mix_bits(2 * kGoldenStep), UINT64_C(0x6E789E6AA1B965F4));
    EXPECT_EQ(mix_bits(0), 0u);
}

TEST(Prng, DependsOnSeedAndPositionOnly) {
    static_assert(random_at(1, 2) == random_at(1, 2));
    static_assert(random_at(1, 2) != random_at(2, 1));
}

TEST(Prng, StreamsOfRelatedSeedsShareNothing) {
    std::set<uint64_t> drawn;
    for (uint64_t seed = 0; seed < 4; ++seed) {
        for (const uint64_t step : {uint64_t{1}, kGoldenStep}) {
            for (uint64_t position = 1; position <= 1000; ++position) {
                drawn.insert(random_at(seed * step + (step == 1 ? 0 : 1000), position));
            }
        }
    }
    EXPECT_EQ(drawn.size(), 8000u);
}

TEST(Prng, HalfOfTheBitsAreSet) {
    uint64_t set_bits = 0;
    for (uint64_t position = 1; position <= 10000; ++position) {
        set_bits += static_cast<uint64_t>(__builtin_popcountll(random_at(42, position)));
    }
    // 640,000 bits: six standard deviations are 2,400.
    EXPECT_NEAR(static_cast<double>(set_bits), 320000.0, 2400.0);
}

}  // namespace

}  // namespace dearth::hooks
