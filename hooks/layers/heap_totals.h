// How much is alive, over all domains: kept by the layer that knows sizes, read by the one that
// builds requests. Relaxed atomics: each number is right by itself, and that is all readers need.
#pragma once

#include <stdint.h>

namespace dearth::hooks {

struct HeapTotals {
    uint64_t live_blocks;
    uint64_t live_bytes;
    uint64_t peak_bytes;
};

inline constinit HeapTotals heap_totals = {};

// Locked additions cost more than all the rest of a request's bookkeeping: only with threads.
inline uint64_t add_to_total(uint64_t& total, uint64_t change, bool is_alone) noexcept {
    if (__builtin_expect(is_alone, 1)) {
        // Stored one by one: joined into one wide access, the next request's would wait for them.
        const uint64_t sum = total + change;
        __atomic_store_n(&total, sum, __ATOMIC_RELAXED);
        return sum;
    }
    return __atomic_add_fetch(&total, change, __ATOMIC_RELAXED);
}

/// `is_alone`: the process has one thread.
inline void count_block_made(uint64_t size_bytes, bool is_alone) noexcept {
    add_to_total(heap_totals.live_blocks, 1, is_alone);
    add_to_total(heap_totals.live_bytes, size_bytes, is_alone);
}

// Called where the heap starts to shrink: a growing one sets a new peak at every request.
inline void note_peak(uint64_t live, bool is_alone) noexcept {
    uint64_t peak = __atomic_load_n(&heap_totals.peak_bytes, __ATOMIC_RELAXED);
    if (__builtin_expect(is_alone, 1)) {
        if (live > peak) {
            __atomic_store_n(&heap_totals.peak_bytes, live, __ATOMIC_RELAXED);
        }
        return;
    }
    while (live > peak && !__atomic_compare_exchange_n(&heap_totals.peak_bytes, &peak, live, true,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

inline void count_block_freed(uint64_t size_bytes, bool is_alone) noexcept {
    note_peak(__atomic_load_n(&heap_totals.live_bytes, __ATOMIC_RELAXED), is_alone);
    add_to_total(heap_totals.live_blocks, UINT64_MAX, is_alone);
    add_to_total(heap_totals.live_bytes, 0 - size_bytes, is_alone);
}

inline HeapTotals read_heap_totals() noexcept {
    const uint64_t live = __atomic_load_n(&heap_totals.live_bytes, __ATOMIC_RELAXED);
    note_peak(live, false);
    return HeapTotals{__atomic_load_n(&heap_totals.live_blocks, __ATOMIC_RELAXED), live,
                      __atomic_load_n(&heap_totals.peak_bytes, __ATOMIC_RELAXED)};
}

inline void reset_peak_bytes() noexcept {
    __atomic_store_n(&heap_totals.peak_bytes,
                     __atomic_load_n(&heap_totals.live_bytes, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

}  // namespace dearth::hooks
