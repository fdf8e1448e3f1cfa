// What the ledger knows, told: walks, leftovers by call site, descriptions of blocks. Never on the
// path of a request, so it may be slow; scratch memory comes from the OS.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "dearth/ledger.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/layers/block_maker.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/layers/ledger_layer.h"
#include "hooks/layers/place_table.h"
#include "hooks/layers/reachability.h"
#include "hooks/record/page_writer.h"
#include "hooks/record/stack_depot.h"

namespace dearth::hooks {

namespace {

// A walk holds a domain's lock while its visitor may report misuse, and a report asks us back.
constinit thread_local bool is_walking = false;

class WalkableScope {
public:
    explicit WalkableScope(SpinLock& lock) noexcept
        : lock_(is_walking || __libc_single_threaded != 0 ? nullptr : &lock) {
        if (lock_ != nullptr) {
            lock_->lock();
        }
    }
    ~WalkableScope() {
        if (lock_ != nullptr) {
            lock_->unlock();
        }
    }
    WalkableScope(const WalkableScope&) = delete;
    WalkableScope& operator=(const WalkableScope&) = delete;

private:
    SpinLock* lock_;
};

LiveBlock block_of(const LedgerNode& node, uint32_t domain) noexcept {
    return LiveBlock{reinterpret_cast<void*>(node.address),
                     node.size_bytes,
                     node.serial,
                     domain,
                     maker_op(node.maker),
                     node.stack_id};
}

// Heap sort: in place, no recursion, no memory; J. W. J. Williams, "Algorithm 232", 1964.
template <typename Element, typename Less>
void sort_elements(Element* elements, size_t count, Less less) noexcept {
    auto sift = [&](size_t root, size_t end) {
        for (size_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
            child += child + 1 < end && less(elements[child], elements[child + 1]) ? 1 : 0;
            if (!less(elements[root], elements[child])) {
                return;
            }
            const Element swapped = elements[root];
            elements[root] = elements[child];
            elements[child] = swapped;
            root = child;
        }
    };
    for (size_t root = count / 2; root > 0; --root) {
        sift(root - 1, count);
    }
    for (size_t end = count; end > 1; --end) {
        const Element last = elements[end - 1];
        elements[end - 1] = elements[0];
        elements[0] = last;
        sift(0, end - 1);
    }
}

struct SiteTotal {
    uint64_t site;
    uint64_t blocks;
    uint64_t bytes;
    uint64_t lost_blocks;
    uint64_t lost_bytes;
    uint32_t domain;
    StackId stack_id;
};

struct Gathering {
    uint64_t since;
    const Reachability* reachability;
    SiteTotal* totals;
    size_t capacity;
    size_t count;
};

void gather_block(void* ctx, const LiveBlock& block) noexcept {
    auto& gathering = *static_cast<Gathering*>(ctx);
    if ((gathering.since == 0 || block.serial > gathering.since) &&
        gathering.count < gathering.capacity) {
        const bool is_lost =
            gathering.reachability != nullptr && gathering.reachability->is_lost(block.block);
        gathering.totals[gathering.count++] = SiteTotal{stack_site(block.stack_id),
                                                        1,
                                                        block.size_bytes,
                                                        is_lost ? 1u : 0u,
                                                        is_lost ? block.size_bytes : 0,
                                                        block.domain,
                                                        block.stack_id};
    }
}

// Equal (site, domain) neighbours become one; returns how many are left.
size_t merge_sorted(SiteTotal* totals, size_t count) noexcept {
    size_t kept = 0;
    for (size_t index = 0; index < count; ++index) {
        SiteTotal& last = totals[kept == 0 ? 0 : kept - 1];
        if (kept != 0 && last.site == totals[index].site && last.domain == totals[index].domain) {
            last.blocks += 1;
            last.bytes += totals[index].bytes;
            last.lost_blocks += totals[index].lost_blocks;
            last.lost_bytes += totals[index].lost_bytes;
        } else {
            totals[kept++] = totals[index];
        }
    }
    return kept;
}

// All live blocks by (site, domain), for the life of the object.
class SiteTotals {
public:
    SiteTotals(uint64_t since, const Reachability* reachability) noexcept {
        const size_t capacity = read_heap_totals().live_blocks;
        size_bytes_ = capacity * sizeof(SiteTotal);
        totals_ = static_cast<SiteTotal*>(map_pages(size_bytes_));
        if (totals_ == nullptr) {
            return;
        }
        Gathering gathering = {since, reachability, totals_, capacity, 0};
        ledger_walk(&gathering, gather_block);
        sort_elements(totals_, gathering.count, [](const SiteTotal& left, const SiteTotal& right) {
            return left.site != right.site ? left.site < right.site : left.domain < right.domain;
        });
        count_ = merge_sorted(totals_, gathering.count);
    }
    ~SiteTotals() { unmap_pages(totals_, size_bytes_); }
    SiteTotals(const SiteTotals&) = delete;
    SiteTotals& operator=(const SiteTotals&) = delete;

    SiteTotal* begin() const noexcept { return totals_; }
    size_t count() const noexcept { return count_; }

private:
    SiteTotal* totals_ = nullptr;
    size_t size_bytes_ = 0;
    size_t count_ = 0;
};

// Distance at which a write still counts as one into the guards of a block that is gone.
constexpr uint64_t kNearBytes = 64;

bool covers(uint64_t start, uint64_t size_bytes, uint64_t address, uint64_t margin) noexcept {
    const uint64_t low = start > margin ? start - margin : 0;
    return address == start ||
           (address >= low && address - low < size_bytes + (start - low) + margin);
}

// The latest of the freed blocks that lie there, as far as they are known: older ones overlap.
bool find_freed_around(const LedgerLayer& layer, uint64_t address, uint64_t margin,
                       LedgerNode& found) noexcept {
    bool is_found = false;
    layer.table.for_each([&](const LedgerNode& node) {
        if (!node.is_live && covers(node.address, node.size_bytes, address, margin) &&
            (!is_found || node.serial > found.serial)) {
            is_found = true;
            found = node;
        }
        return true;
    });
    return is_found;
}

bool find_around(const LedgerLayer& layer, uint64_t address, LedgerNode& found) noexcept {
    if (layer.table.find(address, found) && found.is_live) {
        return true;
    }
    bool is_found = false;
    layer.table.for_each([&](const LedgerNode& node) {
        is_found = node.is_live && covers(node.address, node.size_bytes, address, 0);
        found = is_found ? node : found;
        return !is_found;
    });
    return is_found;
}

void describe_block(dearth_misuse& misuse, const LedgerNode& node) noexcept {
    misuse.block_size_bytes = node.size_bytes;
    misuse.serial = node.serial;
    fill_stack(misuse.allocated, node.stack_id);
    fill_stack(misuse.freed, node.freed_stack_id);
    place_text(node.place, misuse.place, sizeof(misuse.place));
}

// The finder knows which byte changed, but not how the block looked to its owner.
void describe_use_after_free(dearth_misuse& misuse, const LedgerLayer& layer) noexcept {
    const uint64_t changed = misuse.address + static_cast<uint64_t>(misuse.distance_bytes);
    LedgerNode freed = {};
    if (find_freed_around(layer, changed, 0, freed) ||
        find_freed_around(layer, changed, kNearBytes, freed)) {
        misuse.address = freed.address;
        misuse.distance_bytes = static_cast<int64_t>(changed - freed.address);
        describe_block(misuse, freed);
    }
}

}  // namespace

void ledger_walk(void* ctx, void (*visit)(void* ctx, const LiveBlock& block)) noexcept {
    for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        LedgerLayer* layer = ledger_of(domain);
        if (layer == nullptr) {
            continue;
        }
        WalkableScope scope(layer->lock);
        const bool was_walking = is_walking;
        is_walking = true;
        layer->table.for_each([&](const LedgerNode& node) {
            if (node.is_live) {
                visit(ctx, block_of(node, domain));
            }
            return true;
        });
        is_walking = was_walking;
    }
}

size_t ledger_leftovers(uint64_t since, const Reachability* reachability,
                        dearth_leftover* leftovers, size_t capacity) noexcept {
    const SiteTotals totals(since, reachability);
    for (size_t index = 0; index < totals.count() && index < capacity; ++index) {
        const SiteTotal& total = totals.begin()[index];
        leftovers[index] = dearth_leftover{total.site,
                                           total.blocks,
                                           total.bytes,
                                           total.lost_blocks,
                                           total.lost_bytes,
                                           total.domain,
                                           0};
    }
    return totals.count();
}

bool ledger_stack_of_site(uint64_t site, uint32_t domain, dearth_stack& stack) noexcept {
    LedgerLayer* layer = ledger_of(domain);
    if (layer == nullptr) {
        return false;
    }
    StackId found = 0;
    bool is_found = false;
    {
        WalkableScope scope(layer->lock);
        layer->table.for_each([&](const LedgerNode& node) {
            is_found = node.is_live && stack_site(node.stack_id) == site;
            found = is_found ? node.stack_id : 0;
            return !is_found;
        });
    }
    fill_stack(stack, found);
    return is_found;
}

bool ledger_find_block(uint64_t address, LiveBlock& found) noexcept {
    for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        LedgerLayer* layer = ledger_of(domain);
        if (layer == nullptr) {
            continue;
        }
        WalkableScope scope(layer->lock);
        LedgerNode node = {};
        if (find_around(*layer, address, node)) {
            found = block_of(node, domain);
            return true;
        }
    }
    return false;
}

void ledger_describe(dearth_misuse& misuse) noexcept {
    LedgerLayer* layer = ledger_of(misuse.block_domain);
    if (layer == nullptr || misuse.serial != 0) {
        return;
    }
    WalkableScope scope(layer->lock);
    if (misuse.kind == DEARTH_MISUSE_USE_AFTER_FREE) {
        describe_use_after_free(misuse, *layer);
        return;
    }
    if (misuse.kind == DEARTH_MISUSE_DOUBLE_FREE) {
        LedgerNode freed = {};
        if (layer->table.find(misuse.address, freed)) {
            describe_block(misuse, freed);
        }
        return;
    }
    LedgerNode node = {};
    if (request_context.has_known_bytes && layer->table.find(misuse.address, node)) {
        // On its way to the layers beneath, which found it damaged: struck, but not freed yet.
        node.freed_stack_id = 0;
        describe_block(misuse, node);
    } else if (find_around(*layer, misuse.address, node)) {
        describe_block(misuse, node);
    }
}

namespace {

size_t tell_sites(uint64_t since, const Reachability* reachability, dearth_leak_site* sites,
                  size_t capacity) noexcept {
    const SiteTotals totals(since, reachability);
    sort_elements(
        totals.begin(), totals.count(), [](const SiteTotal& left, const SiteTotal& right) {
            return left.lost_bytes != right.lost_bytes ? left.lost_bytes > right.lost_bytes
                                                       : left.bytes > right.bytes;
        });
    for (size_t index = 0; index < totals.count() && index < capacity; ++index) {
        const SiteTotal& total = totals.begin()[index];
        sites[index] = {};
        sites[index].blocks = total.blocks;
        sites[index].bytes = total.bytes;
        sites[index].lost_blocks = total.lost_blocks;
        sites[index].lost_bytes = total.lost_bytes;
        sites[index].domain = total.domain;
        fill_stack(sites[index].allocated, total.stack_id);
    }
    return totals.count();
}

struct LeakSites {
    dearth_leak_site* sites;
    size_t capacity;
    size_t* count;
};

__attribute__((noinline)) int tell_leaks(const ScanStart& start, uint64_t since, uint32_t roots,
                                         const LeakSites& leaks) noexcept {
    if ((roots & ~uint32_t{DEARTH_ROOT_ANONYMOUS}) != 0) {
        errno = EINVAL;
        return -1;
    }
    Reachability reachability;
    if (!reachability.search(start, roots)) {
        errno = reachability.is_refused() ? ENOTSUP : ENOMEM;
        return -1;
    }
    *leaks.count = tell_sites(since, &reachability, leaks.sites, leaks.capacity);
    return 0;
}

}  // namespace

}  // namespace dearth::hooks

using namespace dearth::hooks;

size_t dearth_difference(dearth_snapshot since, struct dearth_leak_site* sites, size_t capacity) {
    return tell_sites(since, nullptr, sites, capacity);
}

int dearth_leaks(dearth_snapshot since, uint32_t roots, struct dearth_leak_site* sites,
                 size_t capacity, size_t* count) {
    // This frame is above where the search begins: nothing may be in it that earlier calls left.
    const ScanStart start = scan_start_here();
    return tell_leaks(start, since, roots, LeakSites{sites, capacity, count});
}

int dearth_find_block(const void* address, struct dearth_block_facts* facts) {
    LiveBlock found = {};
    if (!ledger_find_block(reinterpret_cast<uint64_t>(address), found)) {
        return 0;
    }
    *facts = {};
    facts->block = found.block;
    facts->size_bytes = found.size_bytes;
    facts->serial = found.serial;
    facts->domain = found.domain;
    facts->op = found.op;
    fill_stack(facts->allocated, found.stack_id);
    return 1;
}
