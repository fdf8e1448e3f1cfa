// How a block was made, in the three bits that a ledger record has for it: the operation, and the
// family of functions that must free it. Pure arithmetic.
#pragma once

#include <stdint.h>

#include "dearth/control_page.h"
#include "dearth/schedule.h"

namespace dearth::hooks {

// A block of malloc's family keeps the number of its operation; the other families take the numbers
// that no block has there: a shrink keeps what its block was, arenas and counts make no block.
enum Maker : uint32_t {
    kMakerAlignedNewArray = DEARTH_OP_SHRINK,
    kMakerNew = DEARTH_OP_ARENA,
    kMakerNewArray = DEARTH_OP_COUNT,
    kMakerAlignedNew = 7,
};

constexpr uint32_t maker_of(uint32_t op, uint32_t family) noexcept {
    if (__builtin_expect(family == DEARTH_FAMILY_MALLOC, 1)) {
        return op;
    }
    if (family == DEARTH_FAMILY_NEW) {
        return op == DEARTH_OP_ALIGNED ? kMakerAlignedNew : kMakerNew;
    }
    return op == DEARTH_OP_ALIGNED ? kMakerAlignedNewArray : kMakerNewArray;
}

constexpr uint32_t maker_family(uint32_t maker) noexcept {
    // Two bits for each of the eight numbers.
    constexpr uint32_t kFamilies = DEARTH_FAMILY_NEW_ARRAY << (2 * kMakerAlignedNewArray) |
                                   DEARTH_FAMILY_NEW << (2 * kMakerNew) |
                                   DEARTH_FAMILY_NEW_ARRAY << (2 * kMakerNewArray) |
                                   DEARTH_FAMILY_NEW << (2 * kMakerAlignedNew);
    return kFamilies >> (2 * maker) & 3;
}

/// Whether malloc, calloc or realloc made it, as they make almost all blocks.
constexpr bool is_plain_maker(uint32_t maker) noexcept {
    static_assert(DEARTH_OP_MALLOC < DEARTH_OP_SHRINK && DEARTH_OP_CALLOC < DEARTH_OP_SHRINK &&
                  DEARTH_OP_REALLOC < DEARTH_OP_SHRINK && DEARTH_OP_ALIGNED > DEARTH_OP_SHRINK);
    return maker < DEARTH_OP_SHRINK;
}

/// The operation (enum dearth_op) that made the block.
constexpr uint32_t maker_op(uint32_t maker) noexcept {
    if (__builtin_expect(maker_family(maker) == DEARTH_FAMILY_MALLOC, 1)) {
        return maker;
    }
    return maker == kMakerAlignedNew || maker == kMakerAlignedNewArray ? DEARTH_OP_ALIGNED
                                                                       : DEARTH_OP_MALLOC;
}

}  // namespace dearth::hooks
