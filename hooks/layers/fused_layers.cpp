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
template <size_t kAfter>
struct GuardBelow {
    const FusedLayers& layers;

    BlockLayout layout() const noexcept { return as_lean_layout(layers.guard->layout, kAfter); }

    TableBelow bottom() const noexcept { return TableBelow{layers.guard->beneath}; }

    __attribute__((always_inline)) void* make(size_t size_bytes) const noexcept {
        return guard_serve_malloc(layout(), bottom(), no_serial, size_bytes);
    }

    void* make_zeroed(size_t count, size_t element_bytes) const noexcept {
        return guard_serve_calloc(layout(), bottom(), no_serial, count, element_bytes);
    }

    // Rarer, and a block is copied in any case: the layer's own function. Not so where there is no
    // block yet: some programs make all of theirs by realloc.
    __attribute__((always_inline)) void* resize(void* block, size_t size_bytes) const noexcept {
        if (block == nullptr) {
            return make(size_bytes);
        }
        return TableBelow{layers.ledger->beneath}.resize(block, size_bytes);
    }

    void* resize_known(void* block, size_t size_bytes, uint64_t old_bytes,
                       uint32_t op) const noexcept {
        return TableBelow{layers.ledger->beneath}.resize_known(block, size_bytes, old_bytes, op);
    }

    __attribute__((always_inline)) void release_known(void* block, uint64_t size_bytes,
                                                      uint32_t op) const noexcept {
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
template <size_t kAfter>
struct LedgerBelow {
    const FusedLayers& layers;

    __attribute__((always_inline)) void* make(size_t size_bytes) const noexcept {
        return ledger_serve_malloc(*layers.ledger, GuardBelow<kAfter>{layers}, size_bytes);
    }

    void* make_zeroed(size_t count, size_t element_bytes) const noexcept {
        return ledger_serve_calloc(*layers.ledger, GuardBelow<kAfter>{layers}, count,
                                   element_bytes);
    }

    void* resize(void* block, size_t size_bytes) const noexcept {
        return ledger_serve_realloc(*layers.ledger, GuardBelow<kAfter>{layers}, block, size_bytes);
    }

    void* make_aligned(size_t alignment, size_t size_bytes) const noexcept {
        return TableBelow{layers.fault->beneath}.make_aligned(alignment, size_bytes);
    }

    void release(void* block) const noexcept {
        ledger_serve_free(*layers.ledger, GuardBelow<kAfter>{layers}, block);
    }
};

// Apart, so that the plan, which lies in memory, costs nothing when there is none.
template <size_t kAfter>
__attribute__((noinline)) void* watched_malloc(FusedLayers& layers, size_t size_bytes,
                                               void* caller) noexcept {
    return fault_serve_malloc(*layers.fault, LedgerBelow<kAfter>{layers}, caller, size_bytes, true);
}

template <size_t kAfter>
__attribute__((noinline)) void* watched_calloc(FusedLayers& layers, size_t count,
                                               size_t element_bytes, void* caller) noexcept {
    return fault_serve_calloc(*layers.fault, LedgerBelow<kAfter>{layers}, caller, count,
                              element_bytes, true);
}

template <size_t kAfter>
__attribute__((noinline)) void* watched_realloc(FusedLayers& layers, void* block, size_t size_bytes,
                                                void* caller) noexcept {
    return fault_serve_realloc(*layers.fault, LedgerBelow<kAfter>{layers}, caller, block,
                               size_bytes, true);
}

template <size_t kAfter>
void* fused_malloc(void* ctx, size_t size_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.make(size_bytes);
    }
    if (__builtin_expect(fault_state.is_watching, 0)) {
        return watched_malloc<kAfter>(layers, size_bytes, __builtin_return_address(0));
    }
    return fault_serve_malloc(*layers.fault, LedgerBelow<kAfter>{layers},
                              __builtin_return_address(0), size_bytes, false);
}

template <size_t kAfter>
void* fused_calloc(void* ctx, size_t count, size_t element_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.make_zeroed(count, element_bytes);
    }
    if (__builtin_expect(fault_state.is_watching, 0)) {
        return watched_calloc<kAfter>(layers, count, element_bytes, __builtin_return_address(0));
    }
    return fault_serve_calloc(*layers.fault, LedgerBelow<kAfter>{layers},
                              __builtin_return_address(0), count, element_bytes, false);
}

template <size_t kAfter>
void* fused_realloc(void* ctx, void* block, size_t size_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.resize(block, size_bytes);
    }
    if (__builtin_expect(fault_state.is_watching, 0)) {
        return watched_realloc<kAfter>(layers, block, size_bytes, __builtin_return_address(0));
    }
    return fault_serve_realloc(*layers.fault, LedgerBelow<kAfter>{layers},
                               __builtin_return_address(0), block, size_bytes, false);
}

template <size_t kAfter>
void* fused_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return TableBelow{layers.fault->bottom}.make_aligned(alignment, size_bytes);
    }
    return fault_serve_aligned_alloc(*layers.fault, LedgerBelow<kAfter>{layers},
                                     __builtin_return_address(0), alignment, size_bytes);
}

size_t fused_block_size(void* ctx, void* block) {
    const dearth_allocator& ledger = layers_of(ctx).fault->beneath;
    return ledger.block_size(ledger.ctx, block);
}

template <size_t kAfter>
void fused_free(void* ctx, void* block) {
    FusedLayers& layers = layers_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        TableBelow{layers.fault->bottom}.release(block);
        return;
    }
    fault_serve_free(LedgerBelow<kAfter>{layers}, __builtin_return_address(0), block);
}

template <size_t kAfter>
void open_lean(FusedLayers& layers, dearth_allocator& top) noexcept {
    const FaultLayer& fault = *layers.fault;
    top = dearth_allocator{
        &layers,
        fused_malloc<kAfter>,
        fused_calloc<kAfter>,
        fused_realloc<kAfter>,
        fused_free<kAfter>,
        fault.beneath.aligned_alloc == nullptr ? nullptr : fused_aligned_alloc<kAfter>,
        fault.beneath.block_size == nullptr ? nullptr : fused_block_size};
}

}  // namespace

bool fuse_layers(FusedLayers& layers, dearth_allocator& top) noexcept {
    const GuardLayer& guard = *layers.guard;
    if (!guard.uses_context || guard.is_dead_fill_beneath) {
        return false;
    }
    if (is_lean_layout(guard.layout, kRearMin)) {
        open_lean<kRearMin>(layers, top);
        return true;
    }
    if (is_lean_layout(guard.layout, kRearUsual)) {
        open_lean<kRearUsual>(layers, top);
        return true;
    }
    return false;
}

}  // namespace dearth::hooks
