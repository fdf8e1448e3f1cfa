// Holds freed blocks back, oldest out first, up to a number of bytes. Way in: asks for 16 bytes
// more, where the size stands. Way out: a freed block is filled with the dead byte and kept; when
// its time is over, on demand and at the end, a changed byte is a use after free. realloc always
// moves, so a stale pointer finds dead bytes; only a shrink stays where it is when there is no
// memory for a copy. A request that fails beneath gets the quarantine's memory and a second try.
// Threads: one spin lock a domain.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "hooks/base/spin_lock.h"

namespace dearth::hooks {

/// A block held back. Kept outside the block, where a use after free cannot reach it.
struct HeldBlock {
    unsigned char* data;
    size_t size_bytes;
    size_t lead_bytes;  ///< from the allocation's start to the data
};

/// State of one domain. Zero is valid: not in use.
struct QuarantineLayer {
    dearth_allocator beneath;
    uint32_t domain;
    unsigned char dead_byte;
    uint64_t limit_bytes;
    uint64_t held_bytes;
    HeldBlock* ring;
    uint64_t first;  ///< oldest; `first` and `end` only grow, the ring is indexed modulo
    uint64_t end;
    SpinLock lock;  ///< guards the ring
};

/// False when there are no pages for the ring. `layer` has static life.
bool quarantine_layer_open(QuarantineLayer& layer, uint32_t domain, uint64_t limit_bytes,
                           unsigned char dead_byte, const dearth_allocator& beneath,
                           dearth_allocator& top) noexcept;

/// Checks every held block; damage is reported once. Returns how many are damaged.
size_t quarantine_check(QuarantineLayer& layer) noexcept;

/// Lets go of every held block, checking each.
void quarantine_release(QuarantineLayer& layer) noexcept;

}  // namespace dearth::hooks
