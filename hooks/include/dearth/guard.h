/// Guard bytes: the layout of a guarded block, and the guard layer alone, for programs that want
/// CPython's debug hooks without the rest. C11 and C++20.
///
/// A guarded block with the default options, as CPython documents it (S = 8 bytes):
///
///     p[-16 .. -9]     size asked for, big-endian: readable in a memory dump
///     p[-8]            domain: 'r' raw, 'm' mem, 'o' object
///     p[-7 .. -1]      forbidden bytes, 0xFD: an underflow changes them
///     p[0 .. N-1]      the block: filled with 0xCD when made (not by calloc), 0xDD when freed
///     p[N .. N+7]      forbidden bytes: an overflow changes them
///     p[N+8 .. N+15]   serial of the request that made or last resized the block, big-endian
///
/// More guard bytes go between the domain letter and p[-1], and before the serial. A block from an
/// aligned request has an upper-case letter, followed by the distance from the allocation's start
/// to p in units of 16 bytes, 4 bytes big-endian; behind its serial the distance stands again, in
/// bytes, 8 bytes big-endian. In a stack made by dearth_start without call stacks the serial is
/// left out, as CPython leaves it out by default: it would cost more time than all other guard
/// bytes.
#ifndef DEARTH_GUARD_H
#define DEARTH_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEARTH_CLEAN_BYTE 0xCD
#define DEARTH_DEAD_BYTE 0xDD
#define DEARTH_FORBIDDEN_BYTE 0xFD

/// The guard layer's defaults: layout and fills above, no other layer.
void dearth_guard_default_options(struct dearth_layer_options* options);

/// Puts a guard layer around `beneath` and stores it in `wrapped`. Reads the guard, fill and abort
/// fields of `options` (NULL: the defaults, aborting on misuse as CPython does). Independent of
/// dearth_start and dearth_wrap, and may lie beneath them. Up to 8 calls in a process. Returns 0,
/// or -1 with errno EINVAL (a value out of range, an unknown domain, a NULL function) or ENOMEM
/// (more than 8). Call before the domain's first request.
int dearth_guard_wrap(enum dearth_domain domain, const struct dearth_allocator* beneath,
                      const struct dearth_layer_options* options, struct dearth_allocator* wrapped);

/// What the page guard does in this process.
struct dearth_page_guard_facts {
    /// enum dearth_page_way. ADVICE guards any number of blocks, PROTECTION at most `capacity` at
    /// once, NONE not one; AUTO: there is no page guard.
    uint32_t way;
    uint32_t reserved;
    uint64_t capacity;   ///< 0: no fixed number
    uint64_t live;       ///< blocks guarded now
    uint64_t guarded;    ///< requests guarded so far
    uint64_t unguarded;  ///< requests that were to be guarded, and were passed on for want of room
};

/// Any thread; never fails.
void dearth_page_guard_read_facts(struct dearth_page_guard_facts* facts);

#ifdef __cplusplus
}
#endif

#endif
