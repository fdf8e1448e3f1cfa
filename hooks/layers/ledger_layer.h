// Table of live blocks. Way in: nothing. Way out: enters the new block, or strikes the freed one.
// Finds double, invalid and wrong-domain free and a size told wrongly; a free or realloc of what
// is no live block is reported and not passed down. Knows what is alive: leaks, snapshots, the walk
// over all blocks. Adds nothing to a block; its tables take an eighth of the heap, with serials or
// call stacks 26 bytes for each 16. Threads: one spin lock a domain, skipped while the process has
// one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"
#include "hooks/base/spin_lock.h"
#include "hooks/layers/ledger_table.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

/// State of one domain. Zero is valid: not in use.
struct LedgerLayer {
    dearth_allocator beneath;
    uint32_t domain;
    bool passes_foreign_down;  ///< blocks it never saw are somebody's: free them, silently
    bool is_incomplete;        ///< a block did not fit the table: unknown blocks are not judged
    LedgerTable table;
    SpinLock lock;  ///< guards the table
};

/// `passes_foreign_down`: false where every block of the domain passes this layer.
/// False when there are no pages for its tables. `layer` has static life; one open layer a domain.
bool ledger_layer_open(LedgerLayer& layer, uint32_t domain, bool passes_foreign_down,
                       const dearth_allocator& beneath, dearth_allocator& top) noexcept;

/// Whether blocks made from now on are entered with their serials, which cost memory; they are
/// from the start. Blocks entered without one have serial 0.
void ledger_keep_serials(bool keeps) noexcept;

/// The open layer of a domain; nullptr: none.
LedgerLayer* ledger_of(uint32_t domain) noexcept;

class Reachability;

/// A live block as a walk sees it.
struct LiveBlock {
    void* block;
    size_t size_bytes;
    uint64_t serial;
    uint32_t domain;
    uint32_t op;
    StackId stack_id;
};

/// Calls `visit` for every live block of every domain, in no particular order, with the domain's
/// lock held: `visit` may report misuse, but not make or free blocks of wrapped domains.
void ledger_walk(void* ctx, void (*visit)(void* ctx, const LiveBlock& block)) noexcept;

/// Blocks alive now that were made after the request with serial `since` (0: all), one element
/// for each (site, domain), sorted by that. Returns how many there are; at most `capacity` are
/// written. 0 when there is no memory to sort them in.
/// `reachability` tells which blocks are lost; nullptr: nobody asked.
size_t ledger_leftovers(uint64_t since, const Reachability* reachability,
                        dearth_leftover* leftovers, size_t capacity) noexcept;

/// A call stack that made a live block of that site and domain; false: there is none now.
bool ledger_stack_of_site(uint64_t site, uint32_t domain, dearth_stack& stack) noexcept;

/// The live block that starts at, or contains, `address`.
bool ledger_find_block(uint64_t address, LiveBlock& found) noexcept;

/// Adds what the ledger knows about the block at, or around, misuse.address.
void ledger_describe(dearth_misuse& misuse) noexcept;

}  // namespace dearth::hooks
