// Random bits at a position: a hash of (seed, position), so that a draw never depends on how many
// draws came before it. Holds no state.
// Source: SplitMix64, from G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number
// Generators", OOPSLA 2014, with the mixing constants D. Stafford published as "Mix13".
#pragma once

#include <stdint.h>

namespace dearth::hooks {

// The odd number nearest to 2^64 divided by the golden ratio: consecutive multiples spread evenly.
inline constexpr uint64_t kGoldenStep = UINT64_C(0x9E3779B97F4A7C15);

// A bijection in which every input bit changes about half of the output bits.
constexpr uint64_t mix_bits(uint64_t bits) noexcept {
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94D049BB133111EB);
    return bits ^ (bits >> 31);
}

// The seed is mixed first: otherwise two seeds that differ by a multiple of the step would walk
// the same stream, one some positions ahead of the other.
constexpr uint64_t random_at(uint64_t seed, uint64_t position) noexcept {
    return mix_bits(mix_bits(seed + kGoldenStep) + position * kGoldenStep);
}

}  // namespace dearth::hooks
