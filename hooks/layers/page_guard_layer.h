// Blocks against an unreadable page: on the side the options name, an access one byte outside
// faults at the instruction; on the other, guard bytes up to the end of the page are checked at
// free, realloc and on demand. A freed block's pages are unreadable from its free on. Way in: takes
// a request, every one or one in so many by its serial, and serves it from the page pool; the
// others, and what the pool has no room for, go to the layer beneath as they are. Way out: free and
// realloc know the pool's blocks by address. A free of a pool's address where no live block of the
// domain starts is reported and goes nowhere. realloc always moves. Faults are explained by
// page_guard_explain.h. Threads: no state but the pool's, which locks, and the next sample.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"

namespace dearth::hooks {

/// State of one domain. Zero is valid: not in use.
struct PageGuardLayer {
    dearth_allocator beneath;
    uint32_t domain;
    bool uses_context;  ///< layers above number requests and know sizes; set by the caller
    bool is_front;
    unsigned char clean;
    unsigned char forbidden;
    size_t alignment;      ///< of requests that name none
    uint64_t every;        ///< one request in so many, from 1
    uint64_t seed;         ///< which one
    uint64_t next_sample;  ///< no request with a smaller serial is taken
    uint64_t serial;       ///< own numbers, when nobody above has any
    uint64_t unguarded;    ///< requests that were to be guarded and are not
};

/// Whether the page guard's fields are within the ranges control_page.h gives.
bool page_guard_options_are_valid(const dearth_layer_options& options) noexcept;

/// Opens the pool, which all domains share: the first call chooses the way its pages are closed.
/// False: there are no pages to be had.
bool page_guard_prepare(const dearth_layer_options& options) noexcept;

/// Prepares, too. Without pages the layer still works, and passes everything down.
void page_guard_layer_open(PageGuardLayer& layer, uint32_t domain,
                           const dearth_layer_options& options, const dearth_allocator& beneath,
                           dearth_allocator& top) noexcept;

/// Whether the request with that serial is one of the sample: one in each run of `every`.
bool page_guard_is_sampled(const PageGuardLayer& layer, uint64_t serial) noexcept;

/// Where the pool's blocks lie: one in each spacing at most. All zero: there is no pool.
struct PageGuardRange {
    uint64_t start;
    uint64_t size_bytes;
    uint64_t spacing_bytes;
};
PageGuardRange page_guard_range() noexcept;

/// Whether the address lies in the pool, in a block or not.
bool page_guard_owns(const void* address) noexcept;

/// Checks the guard bytes of every live block of the pool; damage is reported once. Returns how
/// many blocks are damaged.
size_t page_guard_check() noexcept;

}  // namespace dearth::hooks
