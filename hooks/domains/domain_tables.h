// The allocators of the three domains and where arenas come from: what get and set read and write.
// Starts as the environment says (DEARTH_MALLOC), asked once, before the first use.
#pragma once

#include "dearth/allocator.h"

namespace dearth::hooks {

struct DomainTables {
    dearth_allocator allocators[DEARTH_DOMAIN_COUNT];
    dearth_arena_allocator arenas;
    bool are_ready;  // atomic
};

extern DomainTables domain_tables;

void make_domain_tables_ready() noexcept;

// Any thread. The table may be replaced as dearth_set_allocator allows.
inline const dearth_allocator& domain_allocator(dearth_domain domain) noexcept {
    if (__builtin_expect(!__atomic_load_n(&domain_tables.are_ready, __ATOMIC_ACQUIRE), 0)) {
        make_domain_tables_ready();
    }
    return domain_tables.allocators[domain];
}

}  // namespace dearth::hooks
