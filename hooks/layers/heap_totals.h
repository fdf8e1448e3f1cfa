// How much is alive, over all domains: kept by the layer that knows sizes, read by the one that
// builds requests. Relaxed atomics: each number is right by itself, and that is all readers need.
#pragma once

#include <stdint.h>
#include <sys/single_threaded.h>

namespace dearth::hooks {

struct HeapTotals {
    uint64_t live_blocks;
    uint64_t live_bytes;
    uint64_t peak_bytes;
};

inline constinit HeapTotals heap_totals = {};

// Locked additions cost more than all the rest of a request's bookkeeping: only with threads.
inline uint64_t add_to_total(uint64_t& total, uint64_t change) noexcept {
    if (__libc_single_threaded != 0) {
        total += change;
        return total;
    }
    return __atomic_add_fetch(&total, change, __ATOMIC_RELAXED);
}

inline void count_block_made(uint64_t size_bytes) noexcept {
    add_to_total(heap_totals.live_blocks, 1);
    const uint64_t live = add_to_total(heap_totals.live_bytes, size_bytes);
    uint64_t peak = __atomic_load_n(&heap_totals.peak_bytes, __ATOMIC_RELAXED);
    // A growing heap sets a new peak at every request: no locked exchange while alone.
    if (__libc_single_threaded != 0) {
        heap_totals.peak_bytes = live > peak ? live : peak;
        return;
    }
    while (live > peak && !__atomic_compare_exchange_n(&heap_totals.peak_bytes, &peak, live, true,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

inline void count_block_freed(uint64_t size_bytes) noexcept {
    add_to_total(heap_totals.live_blocks, UINT64_MAX);
    add_to_total(heap_totals.live_bytes, 0 - size_bytes);
}

inline HeapTotals read_heap_totals() noexcept {
    return HeapTotals{__atomic_load_n(&heap_totals.live_blocks, __ATOMIC_RELAXED),
                      __atomic_load_n(&heap_totals.live_bytes, __ATOMIC_RELAXED),
                      __atomic_load_n(&heap_totals.peak_bytes, __ATOMIC_RELAXED)};
}

inline void reset_peak_bytes() noexcept {
    __atomic_store_n(&heap_totals.peak_bytes,
                     __atomic_load_n(&heap_totals.live_bytes, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

}  // namespace dearth::hooks
