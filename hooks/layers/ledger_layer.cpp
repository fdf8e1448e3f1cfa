// Requests and frees through the ledger; what it knows is told by ledger_reports.cpp.
#include "hooks/layers/ledger_layer.h"

#include <errno.h>

#include "hooks/base/fork_locks.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/base/next_place.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/layers/place_table.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

constinit LedgerLayer* open_layers[DEARTH_DOMAIN_COUNT] = {};

LedgerLayer& layer_of(void* ctx) noexcept {
    return *static_cast<LedgerLayer*>(ctx);
}

void enter(LedgerLayer& layer, const LiveNode& node) noexcept {
    SpinLockScope scope(layer.lock);
    if (!layer.table.insert(node)) {
        layer.is_incomplete = true;
    }
}

// `op` is the entry that was called here, not the context's: the layer may stand alone, and the
// guards beneath lay out aligned blocks in their own way.
LiveNode make_node(void* block, size_t size_bytes, uint32_t op) noexcept {
    const RequestContext& context = request_context;
    LiveNode node = {};
    node.address = reinterpret_cast<uint64_t>(block);
    node.size_bytes = size_bytes;
    node.serial = context.serial;
    node.op = op;
    node.stack_id = context.stack_id;
    if (__builtin_expect(next_place.file != nullptr, 0)) {
        node.place = place_number(next_place.file, next_place.line);
        next_place.file = nullptr;
    }
    return node;
}

void* enter_made(LedgerLayer& layer, void* block, size_t size_bytes, uint32_t op) noexcept {
    if (block != nullptr) {
        enter(layer, make_node(block, size_bytes, op));
        count_block_made(size_bytes);
    }
    return block;
}

bool strike(LedgerLayer& layer, void* block, LiveNode& node) noexcept {
    SpinLockScope scope(layer.lock);
    return layer.table.remove(reinterpret_cast<uint64_t>(block), node);
}

void remember_freed(LedgerLayer& layer, const LiveNode& node) noexcept {
    SpinLockScope scope(layer.lock);
    FreedBlock& freed = layer.freed[layer.freed_count++ & layer.freed_mask];
    freed.address = node.address;
    freed.size_bytes = node.size_bytes;
    freed.serial = node.serial;
    freed.allocated_stack = node.stack_id;
    freed.freed_stack = request_context.stack_id;
    freed.place = node.place;
}

bool is_in_ring(LedgerLayer& layer, uint64_t address) noexcept {
    SpinLockScope scope(layer.lock);
    const uint64_t end = layer.freed_count;
    const uint64_t begin = end > layer.freed_mask ? end - layer.freed_mask - 1 : 0;
    for (uint64_t index = end; index > begin; --index) {
        if (layer.freed[(index - 1) & layer.freed_mask].address == address) {
            return true;
        }
    }
    return false;
}

bool is_live_in(LedgerLayer& layer, uint64_t address) noexcept {
    SpinLockScope scope(layer.lock);
    LiveNode ignored;
    return layer.table.find(address, ignored);
}

// What an unknown pointer is. Being live elsewhere outweighs having been freed here: the address
// has been used again since.
void report_unknown(LedgerLayer& layer, void* block) noexcept {
    dearth_misuse misuse = {};
    misuse.address = reinterpret_cast<uint64_t>(block);
    misuse.domain = layer.domain;
    misuse.block_domain = layer.domain;
    misuse.kind = DEARTH_MISUSE_INVALID_FREE;
    if (is_in_ring(layer, misuse.address)) {
        misuse.kind = DEARTH_MISUSE_DOUBLE_FREE;
    }
    for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        LedgerLayer* other = ledger_of(domain);
        if (other != nullptr && other != &layer && is_live_in(*other, misuse.address)) {
            misuse.kind = DEARTH_MISUSE_WRONG_DOMAIN;
            misuse.block_domain = domain;
        }
    }
    report_misuse(misuse);
}

void check_told_size(LedgerLayer& layer, const LiveNode& node) noexcept {
    const RequestContext& context = request_context;
    if (reinterpret_cast<uint64_t>(context.told_block) != node.address ||
        context.told_domain != layer.domain || context.told_bytes == node.size_bytes) {
        return;
    }
    dearth_misuse misuse = {};
    misuse.kind = DEARTH_MISUSE_MISMATCHED_FREE;
    misuse.domain = layer.domain;
    misuse.block_domain = layer.domain;
    misuse.address = node.address;
    misuse.block_size_bytes = node.size_bytes;
    misuse.told_size_bytes = context.told_bytes;
    misuse.serial = node.serial;
    fill_stack(misuse.allocated, node.stack_id);
    place_text(node.place, misuse.place, sizeof(misuse.place));
    report_misuse(misuse);
}

// Lets the layers beneath know the size for the time of one call: a header they keep in the block
// may be damaged.
class PassingScope {
public:
    explicit PassingScope(const LiveNode& node) noexcept {
        request_context.known_bytes = node.size_bytes;
        request_context.is_known_aligned = node.op == DEARTH_OP_ALIGNED;
        request_context.has_known_bytes = true;
        node_in_passing = &node;
    }
    ~PassingScope() {
        request_context.has_known_bytes = false;
        node_in_passing = nullptr;
    }
    PassingScope(const PassingScope&) = delete;
    PassingScope& operator=(const PassingScope&) = delete;
};

void* ledger_malloc(void* ctx, size_t size_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    void* block = layer.beneath.malloc(layer.beneath.ctx, size_bytes);
    return enter_made(layer, block, size_bytes, DEARTH_OP_MALLOC);
}

void* ledger_calloc(void* ctx, size_t count, size_t element_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    void* block = layer.beneath.calloc(layer.beneath.ctx, count, element_bytes);
    // It was served, so the product does not wrap.
    return enter_made(layer, block, count * element_bytes, DEARTH_OP_CALLOC);
}

void* ledger_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    void* block = layer.beneath.aligned_alloc(layer.beneath.ctx, alignment, size_bytes);
    return enter_made(layer, block, size_bytes, DEARTH_OP_ALIGNED);
}

bool is_passed_down(const LedgerLayer& layer) noexcept {
    return layer.passes_foreign_down || layer.is_incomplete;
}

void* realloc_unknown(LedgerLayer& layer, void* block, size_t size_bytes) noexcept {
    if (is_passed_down(layer)) {
        void* moved = layer.beneath.realloc(layer.beneath.ctx, block, size_bytes);
        return enter_made(layer, moved, size_bytes, DEARTH_OP_REALLOC);
    }
    report_unknown(layer, block);
    errno = ENOMEM;
    return nullptr;
}

void* ledger_realloc(void* ctx, void* block, size_t size_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    if (block == nullptr) {
        void* made = layer.beneath.realloc(layer.beneath.ctx, nullptr, size_bytes);
        return enter_made(layer, made, size_bytes, DEARTH_OP_REALLOC);
    }
    // Struck before the call: once it is made, another thread may get the old address.
    LiveNode node;
    if (!strike(layer, block, node)) {
        return realloc_unknown(layer, block, size_bytes);
    }
    check_told_size(layer, node);
    const PassingScope passing(node);
    void* resized = layer.beneath.realloc(layer.beneath.ctx, block, size_bytes);
    if (resized == nullptr) {
        enter(layer, node);
        return nullptr;
    }
    if (resized != block) {
        remember_freed(layer, node);
    }
    count_block_freed(node.size_bytes);
    return enter_made(layer, resized, size_bytes, DEARTH_OP_REALLOC);
}

void ledger_free(void* ctx, void* block) {
    LedgerLayer& layer = layer_of(ctx);
    if (block == nullptr) {
        return;
    }
    // Whatever lies beneath reads the block's edge: it may be on its way while we look it up.
    __builtin_prefetch(static_cast<const char*>(block) - 16);
    LiveNode node;
    if (!strike(layer, block, node)) {
        if (is_passed_down(layer)) {
            layer.beneath.free(layer.beneath.ctx, block);
        } else {
            report_unknown(layer, block);
        }
        return;
    }
    check_told_size(layer, node);
    remember_freed(layer, node);
    count_block_freed(node.size_bytes);
    const PassingScope passing(node);
    layer.beneath.free(layer.beneath.ctx, block);
}

size_t ledger_block_size(void* ctx, void* block) {
    LedgerLayer& layer = layer_of(ctx);
    SpinLockScope scope(layer.lock);
    LiveNode node;
    return layer.table.find(reinterpret_cast<uint64_t>(block), node) ? node.size_bytes : 0;
}

}  // namespace

bool ledger_layer_open(LedgerLayer& layer, uint32_t domain, const LedgerOptions& options,
                       const dearth_allocator& beneath, dearth_allocator& top) noexcept {
    layer.freed =
        static_cast<FreedBlock*>(reserve_pages(options.freed_blocks * sizeof(FreedBlock)));
    if (layer.freed == nullptr || !layer.table.open()) {
        unmap_pages(layer.freed, options.freed_blocks * sizeof(FreedBlock));
        return false;
    }
    layer.beneath = beneath;
    layer.domain = domain;
    layer.passes_foreign_down = options.passes_foreign_down;
    layer.freed_mask = options.freed_blocks - 1;
    add_fork_lock(layer.lock, LockRank::kLedger);
    open_layers[domain] = &layer;
    top = dearth_allocator{
        &layer,           ledger_malloc,
        ledger_calloc,    ledger_realloc,
        ledger_free,      beneath.aligned_alloc == nullptr ? nullptr : ledger_aligned_alloc,
        ledger_block_size};
    return true;
}

LedgerLayer* ledger_of(uint32_t domain) noexcept {
    return domain < DEARTH_DOMAIN_COUNT ? open_layers[domain] : nullptr;
}

}  // namespace dearth::hooks
