// Table of live blocks. Way in: nothing. Way out: enters the new block, or strikes the freed one.
// Finds double, invalid and wrong-domain free and a size told wrongly; a free or realloc of what
// is no live block is reported and not passed down. Knows what is alive: leaks, snapshots, the walk
// over all blocks. Adds nothing to a block; 36 bytes of tables for each. Threads: one spin lock a
// domain, skipped while the process has one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"
#include "hooks/base/spin_lock.h"
#include "hooks/layers/ledger_table.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

/// One freed block of the recent past.
struct FreedBlock {
    uint64_t address;
    uint64_t size_bytes;
    uint64_t serial;
    StackId allocated_stack;
    StackId freed_stack;
    uint32_t place;
    uint32_t reserved;
};

/// Freed blocks a domain remembers, a power of two. Few: each free writes one, and the ring
/// should stay in the second-level cache.
inline constexpr uint64_t kFreedBlocks = 2048;
/// While a quarantine holds blocks back, a use after free is found long after the free.
inline constexpr uint64_t kFreedBlocksWithQuarantine = 65536;

/// State of one domain. Zero is valid: not in use.
struct LedgerLayer {
    dearth_allocator beneath;
    uint32_t domain;
    bool passes_foreign_down;  ///< blocks it never saw are somebody's: free them, silently
    bool is_incomplete;        ///< a block did not fit the table: unknown blocks are not judged
    LedgerTable table;
    FreedBlock* freed;
    uint64_t freed_mask;
    uint64_t freed_count;  ///< ever written to the ring
    SpinLock lock;         ///< guards the table and the ring
};

struct LedgerOptions {
    uint64_t freed_blocks;     ///< kFreedBlocks or kFreedBlocksWithQuarantine
    bool passes_foreign_down;  ///< false where every block of the domain passes this layer
};

/// False when there are no pages for its tables. `layer` has static life; one open layer a domain.
bool ledger_layer_open(LedgerLayer& layer, uint32_t domain, const LedgerOptions& options,
                       const dearth_allocator& beneath, dearth_allocator& top) noexcept;

/// The block that this thread is freeing or resizing: struck already, but a layer beneath may still
/// find it damaged. nullptr: none.
inline constinit thread_local const LiveNode* node_in_passing = nullptr;

/// The open layer of a domain; nullptr: none.
LedgerLayer* ledger_of(uint32_t domain) noexcept;

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
size_t ledger_leftovers(uint64_t since, dearth_leftover* leftovers, size_t capacity) noexcept;

/// A call stack that made a live block of that site and domain; false: there is none now.
bool ledger_stack_of_site(uint64_t site, uint32_t domain, dearth_stack& stack) noexcept;

/// The live block that starts at, or contains, `address`.
bool ledger_find_block(uint64_t address, LiveBlock& found) noexcept;

/// Adds what the ledger knows about the block at, or around, misuse.address.
void ledger_describe(dearth_misuse& misuse) noexcept;

}  // namespace dearth::hooks
