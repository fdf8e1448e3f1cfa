// XXH3-64 by Yann Collet's xxHash, compiled into this file alone.
#include "harness/triage/raw_stack_key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace dearth::harness {
namespace {

uint64_t stack_hash(const dearth_stack& stack, uint64_t seed) {
    const size_t depth = std::min<uint32_t>(stack.depth, DEARTH_FRAMES_MAX);
    const uint64_t exact_seed = seed * 2 + (stack.is_exact != 0 ? 1 : 0);
    return XXH3_64bits_withSeed(stack.frames, depth * sizeof(stack.frames[0]), exact_seed);
}

}  // namespace

uint64_t hash_text(std::string_view text) {
    return XXH3_64bits(text.data(), text.size());
}

uint64_t raw_stack_key(std::string_view rule, const dearth_stack& injected,
                       const dearth_stack& detected) {
    return stack_hash(detected, stack_hash(injected, hash_text(rule)));
}

}  // namespace dearth::harness
