/// The ledger: what is alive, who made it, what has been added since. Needs a started stack with
/// the ledger layer (dearth/install.h); call sites need the stacks layer too, otherwise all
/// blocks of a domain count as one site. Any thread. Nothing here allocates from the wrapped
/// allocators. C11 and C++20.
#ifndef DEARTH_LEDGER_H
#define DEARTH_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A moment: the serial of the last request made before it. Free to take and to drop.
typedef uint64_t dearth_snapshot;

dearth_snapshot dearth_take_snapshot(void);

/// Blocks made after the snapshot (0: since the start) and alive now, by call site and domain,
/// largest total first. Returns how many sites there are; at most `capacity` are written, `sites`
/// may be NULL when it is 0.
size_t dearth_difference(dearth_snapshot since, struct dearth_leak_site* sites, size_t capacity);

/// Where a search for lost blocks begins.
enum dearth_root {
    /// Global and thread-local data, the heap around the blocks, stacks, registers: always. That is
    /// where LeakSanitizer begins, too.
    DEARTH_ROOT_USUAL = 0,
    /// And every other private, writable mapping. For programs that keep blocks in arenas of their
    /// own, taken from mmap: what only an arena points to would be lost without it.
    DEARTH_ROOT_ANONYMOUS = 1
};

/// The same as dearth_difference, with lost and reachable blocks told apart: a block is lost when
/// no word in memory holds its address, or one within it, but in blocks that are lost themselves.
/// Largest lost total first, then largest total. `roots` is a set of enum dearth_root.
/// Conservative: a stale word, or a number that looks like an address, keeps a block; one that only
/// an encoded address leads to (XORed, compressed) counts as lost.
///
/// Returns 0 and fills `sites` and `*count`, which may exceed `capacity`; or -1: EINVAL (unknown
/// root), ENOMEM (no memory for the search), ENOTSUP (no /proc, or the kernel does not let the
/// process read itself). Any thread; others may run, but wait when they make or free blocks. What
/// one of them moves meanwhile, or holds in registers only, may be taken for lost.
int dearth_leaks(dearth_snapshot since, uint32_t roots, struct dearth_leak_site* sites,
                 size_t capacity, size_t* count);

/// The block that starts at, or contains, `address`.
struct dearth_block_facts {
    void* block;
    size_t size_bytes;
    uint64_t serial;
    uint32_t domain;  ///< enum dearth_domain
    uint32_t op;      ///< enum dearth_op
    struct dearth_stack allocated;
};

/// Returns 1 and fills `facts` when `address` lies in a live block, else 0.
int dearth_find_block(const void* address, struct dearth_block_facts* facts);

#ifdef __cplusplus
}
#endif

#endif
