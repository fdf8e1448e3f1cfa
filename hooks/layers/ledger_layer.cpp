// Requests and frees through the ledger; what it knows is told by ledger_reports.cpp.
#include "hooks/layers/ledger_layer.h"

#include <errno.h>

#include "hooks/base/fork_locks.h"
#include "hooks/layers/ledger_requests.h"
#include "hooks/layers/place_table.h"
#include "hooks/layers/table_below.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

constinit LedgerLayer* open_layers[DEARTH_DOMAIN_COUNT] = {};

LedgerLayer& layer_of(void* ctx) noexcept {
    return *static_cast<LedgerLayer*>(ctx);
}

void enter(LedgerLayer& layer, const LedgerNode& node) noexcept {
    SpinLockScope scope(layer.lock);
    if (!layer.table.insert(node)) {
        layer.is_incomplete = true;
    }
}

bool strike(LedgerLayer& layer, void* block, LedgerNode& node) noexcept {
    SpinLockScope scope(layer.lock);
    return layer.table.remove(reinterpret_cast<uint64_t>(block), request_context.stack_id, node);
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

// The block's record is struck: all there is to tell of it is told here.
void report_mismatch(LedgerLayer& layer, const LedgerNode& node, uint64_t told_bytes) noexcept {
    dearth_misuse misuse = {};
    misuse.kind = DEARTH_MISUSE_MISMATCHED_FREE;
    misuse.domain = layer.domain;
    misuse.block_domain = layer.domain;
    misuse.family = request_context.family;
    misuse.block_family = maker_family(node.maker);
    misuse.address = node.address;
    misuse.block_size_bytes = node.size_bytes;
    misuse.told_size_bytes = told_bytes;
    misuse.serial = node.serial;
    fill_stack(misuse.allocated, node.stack_id);
    place_text(node.place, misuse.place, sizeof(misuse.place));
    report_misuse(misuse);
}

// What the caller said of the block, by the function it called and the size it told.
void check_told(LedgerLayer& layer, const LedgerNode& node) noexcept {
    if (maker_family(node.maker) != request_context.family) {
        report_mismatch(layer, node, 0);
        return;
    }
    const RequestContext& context = request_context;
    if (reinterpret_cast<uint64_t>(context.told_block) != node.address ||
        context.told_domain != layer.domain || context.told_bytes == node.size_bytes) {
        return;
    }
    report_mismatch(layer, node, context.told_bytes);
}

void* ledger_malloc(void* ctx, size_t size_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    return ledger_serve_malloc(layer, TableBelow{layer.beneath}, size_bytes);
}

void* ledger_calloc(void* ctx, size_t count, size_t element_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    return ledger_serve_calloc(layer, TableBelow{layer.beneath}, count, element_bytes);
}

void* ledger_realloc(void* ctx, void* block, size_t size_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    return ledger_serve_realloc(layer, TableBelow{layer.beneath}, block, size_bytes);
}

void ledger_free(void* ctx, void* block) {
    LedgerLayer& layer = layer_of(ctx);
    ledger_serve_free(layer, TableBelow{layer.beneath}, block);
}

void* ledger_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    LedgerLayer& layer = layer_of(ctx);
    void* block = layer.beneath.aligned_alloc(layer.beneath.ctx, alignment, size_bytes);
    return ledger_enter_made(layer, block, size_bytes, DEARTH_OP_ALIGNED);
}

bool is_passed_down(const LedgerLayer& layer) noexcept {
    return layer.passes_foreign_down || layer.is_incomplete;
}

void* realloc_unknown(LedgerLayer& layer, void* block, size_t size_bytes) noexcept {
    if (is_passed_down(layer)) {
        void* moved = layer.beneath.realloc(layer.beneath.ctx, block, size_bytes);
        return ledger_enter_made(layer, moved, size_bytes, DEARTH_OP_REALLOC);
    }
    report_unknown(layer, block);
    errno = ENOMEM;
    return nullptr;
}

size_t ledger_block_size(void* ctx, void* block) {
    LedgerLayer& layer = layer_of(ctx);
    SpinLockScope scope(layer.lock);
    LedgerNode node;
    const bool is_known = layer.table.find(reinterpret_cast<uint64_t>(block), node);
    return is_known && node.is_live ? node.size_bytes : 0;
}

// All that a short record knows.
LedgerNode short_node(void* block, uint64_t size_bytes, uint32_t maker) noexcept {
    LedgerNode node = {};
    node.address = reinterpret_cast<uint64_t>(block);
    node.size_bytes = size_bytes;
    node.maker = maker;
    return node;
}

}  // namespace

void ledger_enter_in_full(LedgerLayer& layer, void* block, size_t size_bytes,
                          uint32_t maker) noexcept {
    const RequestContext& context = request_context;
    LedgerNode node = short_node(block, size_bytes, maker);
    node.serial = __atomic_load_n(&ledger_keeps_serials, __ATOMIC_RELAXED) ? context.serial : 0;
    node.stack_id = context.stack_id;
    if (next_place.file != nullptr) {
        node.place = place_number(next_place.file, next_place.line);
        next_place.file = nullptr;
    }
    enter(layer, node);
}

void ledger_enter_again(LedgerLayer& layer, void* block, size_t size_bytes,
                        uint32_t maker) noexcept {
    enter(layer, short_node(block, size_bytes, maker));
}

void ledger_report_family(LedgerLayer& layer, void* block, uint64_t size_bytes,
                          uint32_t maker) noexcept {
    report_mismatch(layer, short_node(block, size_bytes, maker), 0);
}

void ledger_free_in_full(LedgerLayer& layer, void* block) noexcept {
    LedgerNode node;
    if (!strike(layer, block, node)) {
        if (is_passed_down(layer)) {
            layer.beneath.free(layer.beneath.ctx, block);
        } else {
            report_unknown(layer, block);
        }
        return;
    }
    check_told(layer, node);
    count_block_freed(node.size_bytes, __libc_single_threaded != 0);
    TableBelow{layer.beneath}.release_known(block, node.size_bytes, maker_op(node.maker));
}

void* ledger_realloc_in_full(LedgerLayer& layer, void* block, size_t size_bytes) noexcept {
    LedgerNode node;
    if (!strike(layer, block, node)) {
        return realloc_unknown(layer, block, size_bytes);
    }
    check_told(layer, node);
    void* resized = TableBelow{layer.beneath}.resize_known(block, size_bytes, node.size_bytes,
                                                           maker_op(node.maker));
    if (resized == nullptr) {
        enter(layer, node);
        return nullptr;
    }
    count_block_freed(node.size_bytes, __libc_single_threaded != 0);
    return ledger_enter_made(layer, resized, size_bytes, DEARTH_OP_REALLOC);
}

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
    __atomic_store_n(&ledger_keeps_serials, keeps, __ATOMIC_RELAXED);
}

LedgerLayer* ledger_of(uint32_t domain) noexcept {
    return domain < DEARTH_DOMAIN_COUNT ? open_layers[domain] : nullptr;
}

}  // namespace dearth::hooks
