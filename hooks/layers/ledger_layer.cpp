// Requests and frees through the ledger; what it knows is told by ledger_reports.cpp.
#include "hooks/layers/ledger_layer.h"

#include <errno.h>

#include "hooks/base/fork_locks.h"
#include "hooks/base/next_place.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/layers/place_table.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

constinit LedgerLayer* open_layers[DEARTH_DOMAIN_COUNT] = {};
constinit bool keeps_serials = true;

LedgerLayer& layer_of(void* ctx) noexcept {
    return *static_cast<LedgerLayer*>(ctx);
}

void enter(LedgerLayer& layer, const LedgerNode& node) noexcept {
    SpinLockScope scope(layer.lock);
    if (!layer.table.insert(node)) {
        layer.is_incomplete = true;
    }
}

__attribute__((noinline)) void enter_in_full(LedgerLayer& layer, void* block, size_t size_bytes,
                                             uint32_t op) noexcept {
    const RequestContext& context = request_context;
    LedgerNode node = {};
    node.address = reinterpret_cast<uint64_t>(block);
    node.size_bytes = size_bytes;
    node.serial = __atomic_load_n(&keeps_serials, __ATOMIC_RELAXED) ? context.serial : 0;
    node.op = op;
    node.stack_id = context.stack_id;
    if (next_place.file != nullptr) {
        node.place = place_number(next_place.file, next_place.line);
        next_place.file = nullptr;
    }
    enter(layer, node);
}

// Without serials, stacks and places there is little to write down.
bool is_terse() noexcept {
    return !__atomic_load_n(&keeps_serials, __ATOMIC_RELAXED) && request_context.stack_id == 0 &&
           next_place.file == nullptr;
}

bool enter_short(LedgerLayer& layer, void* block, size_t size_bytes, uint32_t op) noexcept {
    SpinLockScope scope(layer.lock);
    return layer.table.insert_short(reinterpret_cast<uint64_t>(block), size_bytes, op);
}

// `op` is the entry that was called here, not the context's: the layer may stand alone, and the
// guards beneath lay out aligned blocks in their own way.
inline void* enter_made(LedgerLayer& layer, void* block, size_t size_bytes, uint32_t op) noexcept {
    if (__builtin_expect(block == nullptr, 0)) {
        return nullptr;
    }
    count_block_made(size_bytes);
    if (!is_terse() || !enter_short(layer, block, size_bytes, op)) {
        enter_in_full(layer, block, size_bytes, op);
    }
    return block;
}

bool strike(LedgerLayer& layer, void* block, LedgerNode& node) noexcept {
    SpinLockScope scope(layer.lock);
    return layer.table.remove(reinterpret_cast<uint64_t>(block), request_context.stack_id, node);
}

bool strike_short(LedgerLayer& layer, void* block, uint64_t& size_bytes, uint32_t& op) noexcept {
    SpinLockScope scope(layer.lock);
    return layer.table.remove_short(reinterpret_cast<uint64_t>(block), size_bytes, op);
}

// Whether a block starts there, and is live; `was_freed`: one did, and was freed.
bool is_live_in(LedgerLayer& layer, uint64_t address, bool& was_freed) noexcept {
    SpinLockScope scope(layer.lock);
    LedgerNode node;
    const bool is_known = layer.table.find(address, node);
    was_freed = is_known && !node.is_live;
    return is_known && node.is_live;
}

// What an unknown pointer is. Being live elsewhere outweighs having been freed here: the address
// has been used again since.
void report_unknown(LedgerLayer& layer, void* block) noexcept {
    dearth_misuse misuse = {};
    misuse.address = reinterpret_cast<uint64_t>(block);
    misuse.domain = layer.domain;
    misuse.block_domain = layer.domain;
    bool was_freed = false;
    is_live_in(layer, misuse.address, was_freed);
    misuse.kind = was_freed ? DEARTH_MISUSE_DOUBLE_FREE : DEARTH_MISUSE_INVALID_FREE;
    for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        LedgerLayer* other = ledger_of(domain);
        if (other != nullptr && other != &layer && is_live_in(*other, misuse.address, was_freed)) {
            misuse.kind = DEARTH_MISUSE_WRONG_DOMAIN;
            misuse.block_domain = domain;
        }
    }
    report_misuse(misuse);
}

void check_told_size(LedgerLayer& layer, const LedgerNode& node) noexcept {
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
    PassingScope(uint64_t size_bytes, uint32_t op) noexcept {
        request_context.known_bytes = size_bytes;
        request_context.is_known_aligned = op == DEARTH_OP_ALIGNED;
        request_context.has_known_bytes = true;
    }
    ~PassingScope() { request_context.has_known_bytes = false; }
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
    LedgerNode node;
    if (!strike(layer, block, node)) {
        return realloc_unknown(layer, block, size_bytes);
    }
    check_told_size(layer, node);
    const PassingScope passing(node.size_bytes, node.op);
    void* resized = layer.beneath.realloc(layer.beneath.ctx, block, size_bytes);
    if (resized == nullptr) {
        enter(layer, node);
        return nullptr;
    }
    count_block_freed(node.size_bytes);
    return enter_made(layer, resized, size_bytes, DEARTH_OP_REALLOC);
}

__attribute__((noinline)) void free_in_full(LedgerLayer& layer, void* block) noexcept {
    LedgerNode node;
    if (!strike(layer, block, node)) {
        if (is_passed_down(layer)) {
            layer.beneath.free(layer.beneath.ctx, block);
        } else {
            report_unknown(layer, block);
        }
        return;
    }
    check_told_size(layer, node);
    count_block_freed(node.size_bytes);
    const PassingScope passing(node.size_bytes, node.op);
    layer.beneath.free(layer.beneath.ctx, block);
}

void ledger_free(void* ctx, void* block) {
    LedgerLayer& layer = layer_of(ctx);
    if (block == nullptr) {
        return;
    }
    // Whatever lies beneath reads the block's edge: it may be on its way while we look it up.
    __builtin_prefetch(static_cast<const char*>(block) - 16);
    uint64_t size_bytes = 0;
    uint32_t op = 0;
    if (request_context.told_block != nullptr || !strike_short(layer, block, size_bytes, op)) {
        free_in_full(layer, block);
        return;
    }
    count_block_freed(size_bytes);
    const PassingScope passing(size_bytes, op);
    layer.beneath.free(layer.beneath.ctx, block);
}

size_t ledger_block_size(void* ctx, void* block) {
    LedgerLayer& layer = layer_of(ctx);
    SpinLockScope scope(layer.lock);
    LedgerNode node;
    const bool is_known = layer.table.find(reinterpret_cast<uint64_t>(block), node);
    return is_known && node.is_live ? node.size_bytes : 0;
}

}  // namespace

bool ledger_layer_open(LedgerLayer& layer, uint32_t domain, bool passes_foreign_down,
                       const dearth_allocator& beneath, dearth_allocator& top) noexcept {
    if (!layer.table.open()) {
        return false;
    }
    layer.beneath = beneath;
    layer.domain = domain;
    layer.passes_foreign_down = passes_foreign_down;
    add_fork_lock(layer.lock, LockRank::kLedger);
    open_layers[domain] = &layer;
    top = dearth_allocator{
        &layer,           ledger_malloc,
        ledger_calloc,    ledger_realloc,
        ledger_free,      beneath.aligned_alloc == nullptr ? nullptr : ledger_aligned_alloc,
        ledger_block_size};
    return true;
}

void ledger_keep_serials(bool keeps) noexcept {
    __atomic_store_n(&keeps_serials, keeps, __ATOMIC_RELAXED);
}

LedgerLayer* ledger_of(uint32_t domain) noexcept {
    return domain < DEARTH_DOMAIN_COUNT ? open_layers[domain] : nullptr;
}

}  // namespace dearth::hooks
