// The composition; see the header. Free and realloc take the short way only for a block whose
// record and guards are as they should be.
#include "hooks/layers/fused_layers.h"

#include "hooks/layers/fault_requests.h"
#include "hooks/layers/guard_requests.h"
#include "hooks/layers/ledger_requests.h"
#include "hooks/layers/table_below.h"

namespace dearth::hooks {

namespace {

FusedLayers& layers_of(void* ctx) noexcept {
    return *static_cast<FusedLayers*>(ctx);
}

uint64_t no_serial() noexcept {
    return 0;
}

/// The guard layer, as the ledger sees it beneath itself. `make` is inlined here and below: a frame
/// for each layer would show in the cost of a request.
struct GuardBelow {
    const FusedLayers& layers;

    BlockLayout layout() const noexcept { return as_least_layout(layers.guard->layout); }

    TableBelow bottom() const noexcept { return TableBelow{layers.guard->beneath}; }

    __attribute__((always_inline)) void* make(size_t size_bytes) const noexcept {
        return guard_serve_malloc(layout(), bottom(), no_serial, size_bytes);
    }

    void* make_zeroed(size_t count, size_t element_bytes) const noexcept {
        return guard_serve_calloc(layout(), bottom(), no_serial, count, element_bytes);
    }

    // Rarer, and a block is copied in any case: the layer's own function.
    void* resize(void* block, size_t size_bytes) const noexcept {
        return TableBelow{layers.ledger->beneath}.resize(block, size_bytes);
    }

    void* resize_known(void* block, size_t size_bytes, uint64_t old_bytes,
                       uint32_t op) const noexcept {
        return TableBelow{layers.ledger->beneath}.resize_known(block, size_bytes, old_bytes, op);
    }

    void release_known(void* block, uint64_t size_bytes, uint32_t op) const noexcept {
        auto* bytes = static_cast<unsigned char*>(block);
        GuardedBlock found = {true, false, 0, kFrontMin, false};
        if (!is_plainly_intact(layout(), bytes, {true, op == DEARTH_OP_ALIGNED, size_bytes},
                               found.size_bytes)) {
            TableBelow{layers.ledger->beneath}.release_known(block, size_bytes, op);
            return;
        }
        guard_release(layout(), bottom(), true, bytes, found);
    }
};

/// The ledger, as the fault layer sees it beneath itself.
struct LedgerBelow {
    const FusedLayers& layers;

    __attribute__((always_inline)) void* make(size_t size_bytes) const noexcept {
        return ledger_serve_malloc(*layers.ledger, GuardBelow{layers}, size_bytes);
    }

    void* make_zeroed(size_t count, size_t element_bytes) const noexcept {
        return ledger_serve_calloc(*layers.ledger, GuardBelow{layers}, count, element_bytes);
    }

    void* resize(void* block, size_t size_bytes) const noexcept {
        return ledger_serve_realloc(*layers.ledger, GuardBelow{layers}, block, size_bytes);
    }

    void* make_aligned(size_t alignment, size_t size_bytes) const noexcept {
        return TableBelow{layers.fault->beneath}.make_aligned(alignment, size_bytes);
    }

    void release(void* block) const noexcept {
        ledger_serve_free(*layers.ledger, GuardBelow{layers}, block);
    }
};

// Apart, so that the plan, which lies in memory, costs nothing when there is none.
__attribute__((noinline)) void* watched_malloc(FusedLayers& layers, size_t size_bytes,
                                               void* caller) noexcept {
    return fault_serve_malloc(*layers.fault, LedgerBelow{layers}, caller, size_bytes, true);
}

__attribute__((noinline)) void* watched_calloc(FusedLayers& layers, size_t count,
                                               size_t element_bytes, void* caller) noexcept {
    return fault_serve_calloc(*layers.fault, LedgerBelow{layers}, caller, count, element_bytes,
                              true);
}

void* fused_malloc(void* ctx, size_t size_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.make(size_bytes);
    }
    if (__builtin_expect(fault_state.is_watching, 0)) {
        return watched_malloc(layers, size_bytes, __builtin_return_address(0));
    }
    return fault_serve_malloc(*layers.fault, LedgerBelow{layers}, __builtin_return_address(0),
                              size_bytes, false);
}

void* fused_calloc(void* ctx, size_t count, size_t element_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.make_zeroed(count, element_bytes);
    }
    if (__builtin_expect(fault_state.is_watching, 0)) {
        return watched_calloc(layers, count, element_bytes, __builtin_return_address(0));
    }
    return fault_serve_calloc(*layers.fault, LedgerBelow{layers}, __builtin_return_address(0),
                              count, element_bytes, false);
}

void* fused_realloc(void* ctx, void* block, size_t size_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.resize(block, size_bytes);
    }
    return fault_serve_realloc(*layers.fault, LedgerBelow{layers}, __builtin_return_address(0),
                               block, size_bytes);
}

void* fused_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.make_aligned(alignment, size_bytes);
    }
    return fault_serve_aligned_alloc(*layers.fault, LedgerBelow{layers},
                                     __builtin_return_address(0), alignment, size_bytes);
}

size_t fused_block_size(void* ctx, void* block) {
    const dearth_allocator& ledger = layers_of(ctx).fault->beneath;
    return ledger.block_size(ledger.ctx, block);
}

void fused_free(void* ctx, void* block) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        TableBelow{layers.fault->bottom}.release(block);
        return;
    }
    fault_serve_free(LedgerBelow{layers}, __builtin_return_address(0), block);
}

}  // namespace

bool can_be_fused(const GuardLayer& guard) noexcept {
    return guard.uses_context && !guard.is_dead_fill_beneath && is_least_layout(guard.layout);
}

void fused_layers_open(FusedLayers& layers, dearth_allocator& top) noexcept {
    const FaultLayer& fault = *layers.fault;
    top = dearth_allocator{&layers,
                           fused_malloc,
                           fused_calloc,
                           fused_realloc,
                           fused_free,
                           fault.beneath.aligned_alloc == nullptr ? nullptr : fused_aligned_alloc,
                           fault.beneath.block_size == nullptr ? nullptr : fused_block_size};
}

}  // namespace dearth::hooks
