// The guard layer's way with one request, over whatever lies beneath: shared by the layer's table
// (guard_layer.cpp) and the fused one. The layout is an argument of its own, so that a caller who
// knows its numbers can let the compiler know them too. Judges nothing; see guard_check.h.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "hooks/base/checked_size.h"
#include "hooks/layers/guard_check.h"
#include "hooks/layers/guard_layer.h"

namespace dearth::hooks {

inline void* guard_fail() noexcept {
    errno = ENOMEM;
    return nullptr;
}

inline bool guard_total_of(const BlockLayout& layout, size_t lead_bytes, size_t size_bytes,
                           size_t& total) noexcept {
    return add_sizes(size_bytes, lead_bytes + layout.after_bytes + layout.serial_bytes, total);
}

inline void* guard_finish_made(const BlockLayout& layout, void* start, size_t size_bytes,
                               uint64_t serial, bool is_clean_filled) noexcept {
    if (__builtin_expect(start == nullptr, 0)) {
        return nullptr;
    }
    unsigned char* block = static_cast<unsigned char*>(start) + layout.before_bytes;
    write_guards(layout, block, size_bytes, layout.letter_word, serial);
    if (is_clean_filled) {
        fill_words(block, layout.clean_word, size_bytes);
    }
    return block;
}

/// `serial` is called for the block's number once there is a block to be numbered.
template <typename Below, typename Serial>
__attribute__((always_inline)) inline void* guard_serve_malloc(const BlockLayout& layout,
                                                               Below below, Serial serial,
                                                               size_t size_bytes) noexcept {
    size_t total = 0;
    if (!guard_total_of(layout, layout.before_bytes, size_bytes, total)) {
        return guard_fail();
    }
    void* start = below.make(total);
    return guard_finish_made(layout, start, size_bytes, start == nullptr ? 0 : serial(), true);
}

template <typename Below, typename Serial>
inline void* guard_serve_calloc(const BlockLayout& layout, Below below, Serial serial, size_t count,
                                size_t element_bytes) noexcept {
    size_t size_bytes = 0;
    size_t total = 0;
    if (!multiply_sizes(count, element_bytes, size_bytes) ||
        !guard_total_of(layout, layout.before_bytes, size_bytes, total)) {
        return guard_fail();
    }
    void* start = below.make_zeroed(1, total);
    return guard_finish_made(layout, start, size_bytes, start == nullptr ? 0 : serial(), false);
}

/// Gives a block back that was found usable.
template <typename Below>
inline void guard_release(const BlockLayout& layout, Below below, bool is_dead_filled,
                          unsigned char* block, const GuardedBlock& found) noexcept {
    unsigned char* start = block - found.lead_bytes;
    if (is_dead_filled) {
        fill_words(start, layout.dead_word,
                   found.lead_bytes + found.size_bytes + layout.after_bytes + layout.serial_bytes +
                       (found.is_aligned ? kLeadFieldBytes : 0));
    }
    below.release(start);
}

}  // namespace dearth::hooks
