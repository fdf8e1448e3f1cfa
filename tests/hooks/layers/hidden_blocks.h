// Blocks of one wrapped domain whose addresses a test keeps where no search finds them. All that
// handles an address stands in a source file of its own: inlined, it would leave some in the test's
// frame.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hooks/layers/reachability.h"

namespace dearth::tests {

/// The complement of an address: no pointer, aligned or not, to the block.
using Hidden = uint64_t;

class HiddenBlocks {
public:
    /// RAW: fresh addresses, in a private mapping. MEM: libc's heap.
    explicit HiddenBlocks(dearth_domain domain = DEARTH_DOMAIN_RAW);
    Hidden make(size_t size_bytes);
    void release(Hidden hidden);
    /// Has the word at `offset` of one block point into another.
    void point(Hidden from, size_t offset, Hidden to, size_t within);

private:
    dearth_allocator* table_;
};

/// Has `word` point to the block.
void keep(uint64_t& word, Hidden hidden, size_t within = 0);

/// A search whose own state, which names addresses, lies in pages that no search reads.
class HiddenSearch {
public:
    HiddenSearch();
    ~HiddenSearch();
    HiddenSearch(const HiddenSearch&) = delete;
    HiddenSearch& operator=(const HiddenSearch&) = delete;

    bool from(const hooks::ScanStart& start, uint32_t roots);
    bool is_lost(Hidden hidden) const;

private:
    hooks::Reachability* reachability_;
};

/// Writes over what earlier calls left in the stack.
void wipe_stack();

/// A search from the caller's frame on.
__attribute__((always_inline)) inline bool search_from_here(
    HiddenSearch& search, uint32_t roots = DEARTH_ROOT_ANONYMOUS) {
    wipe_stack();
    const hooks::ScanStart start = hooks::scan_start_here();
    return search.from(start, roots);
}

}  // namespace dearth::tests
