// What a report shows of damaged bytes: as they were found, beside what they should be. Two steps,
// because layers mend what they report: `show_found` before, `show_expected` after.
#pragma once

#include <stddef.h>
#include <string.h>

#include "dearth/control_page.h"

namespace dearth::hooks {

/// The changed byte nearest to the block, and how many bytes lie from there on, itself included, in
/// the direction away from the block.
struct ShownEdge {
    const unsigned char* nearest;
    size_t room_bytes;
    bool is_front;  ///< away from the block is towards lower addresses
};

inline size_t shown_count(const ShownEdge& edge) noexcept {
    constexpr size_t kMax = DEARTH_SHOWN_BYTES_MAX;
    return edge.room_bytes < kMax ? edge.room_bytes : kMax;
}

inline const unsigned char* shown_start(const ShownEdge& edge) noexcept {
    return edge.is_front ? edge.nearest + 1 - shown_count(edge) : edge.nearest;
}

inline void show_found(dearth_misuse& misuse, const ShownEdge& edge) noexcept {
    memcpy(misuse.found, shown_start(edge), shown_count(edge));
}

/// Leaves out the intact bytes on the far side. Reads `distance_bytes`.
inline void show_expected(dearth_misuse& misuse, const ShownEdge& edge) noexcept {
    size_t count = shown_count(edge);
    memcpy(misuse.expected, shown_start(edge), count);
    size_t first = 0;
    if (edge.is_front) {
        while (first + 1 < count && misuse.found[first] == misuse.expected[first]) {
            ++first;
        }
        count -= first;
        memmove(misuse.found, misuse.found + first, count);
        memmove(misuse.expected, misuse.expected + first, count);
    } else {
        while (count > 1 && misuse.found[count - 1] == misuse.expected[count - 1]) {
            --count;
        }
    }
    misuse.shown_bytes = static_cast<uint32_t>(count);
    misuse.shown_distance_bytes =
        misuse.distance_bytes - (edge.is_front ? static_cast<int64_t>(count) - 1 : 0);
}

}  // namespace dearth::hooks
