// Judging a guarded block's bytes: between the layout, which only reads and writes them, and the
// layer, which serves requests.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/layers/guard_layer.h"

namespace dearth::hooks {

/// A size that nobody above vouches for is believed up to here.
inline constexpr size_t kPlausibleMax = size_t{1} << 40;

/// What somebody above knows about a block, right whatever its header says.
struct KnownBlock {
    bool is_known;
    bool is_aligned;
    size_t size_bytes;
};

/// What a block's header says, and whether the call may go on with it.
struct GuardedBlock {
    bool is_usable;   ///< false: reported, must not be passed down
    bool is_damaged;  ///< something was reported
    size_t size_bytes;
    size_t lead_bytes;  ///< from the allocation's start to the block
    bool is_aligned;    ///< from an aligned request
};

/// Whether it is an ordinary, undamaged block, as almost all are; looks no further.
inline bool is_plainly_intact(const BlockLayout& layout, const unsigned char* block,
                              KnownBlock known, size_t& size_bytes) noexcept {
    const unsigned char* start = block - layout.before_bytes;
    size_bytes = load_big_endian(start);
    if (known.is_aligned || load_word(start + kSizeFieldBytes) != layout.letter_word ||
        (known.is_known ? size_bytes != known.size_bytes : size_bytes > kPlausibleMax)) {
        return false;
    }
    const unsigned char* rear = block + size_bytes;
    if (layout.before_bytes == kFrontMin && layout.after_bytes == kRearMin) {
        return load_word(rear) == layout.forbidden_word;
    }
    if (layout.before_bytes == kFrontMin && layout.after_bytes == kRearUsual) {
        return ((load_word(rear) ^ layout.forbidden_word) |
                (load_word(rear + kRearMin) ^ layout.forbidden_word)) == 0;
    }
    return is_filled_with(start + kFrontMin, layout.before_bytes - kFrontMin, layout.forbidden) &&
           is_filled_with(rear, layout.after_bytes, layout.forbidden);
}

/// Reads the header and both guards; reports and mends damage.
GuardedBlock examine_block(GuardLayer& layer, unsigned char* block, KnownBlock known) noexcept;

/// Reports a misuse found by this layer, and aborts if the layer is to.
void guard_report(GuardLayer& layer, dearth_misuse& misuse) noexcept;

}  // namespace dearth::hooks
