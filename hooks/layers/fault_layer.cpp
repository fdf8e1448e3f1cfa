// The gate, which every request passes, is here, the way of a request behind it in
// fault_requests.h; weighing one against the schedule is in fault_decision.cpp.
#include "hooks/layers/fault_layer.h"

#include <errno.h>
#include <string.h>

#include "hooks/layers/fault_requests.h"
#include "hooks/layers/table_below.h"

namespace dearth::hooks {

namespace {

FaultLayer& layer_of(void* ctx) noexcept {
    return *static_cast<FaultLayer*>(ctx);
}

void* fail() noexcept {
    errno = ENOMEM;
    return nullptr;
}

void* fault_malloc(void* ctx, size_t size_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.malloc(layer.bottom.ctx, size_bytes);
    }
    return fault_serve_malloc(layer, TableBelow{layer.beneath}, __builtin_return_address(0),
                              size_bytes, fault_state.is_watching);
}

void* fault_calloc(void* ctx, size_t count, size_t element_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.calloc(layer.bottom.ctx, count, element_bytes);
    }
    return fault_serve_calloc(layer, TableBelow{layer.beneath}, __builtin_return_address(0), count,
                              element_bytes, fault_state.is_watching);
}

void* fault_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.aligned_alloc(layer.bottom.ctx, alignment, size_bytes);
    }
    return fault_serve_aligned_alloc(layer, TableBelow{layer.beneath}, __builtin_return_address(0),
                                     alignment, size_bytes);
}

void* fault_realloc(void* ctx, void* block, size_t size_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.realloc(layer.bottom.ctx, block, size_bytes);
    }
    return fault_serve_realloc(layer, TableBelow{layer.beneath}, __builtin_return_address(0), block,
                               size_bytes, fault_state.is_watching);
}

void fault_free(void* ctx, void* block) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        layer.bottom.free(layer.bottom.ctx, block);
        return;
    }
    fault_serve_free(TableBelow{layer.beneath}, __builtin_return_address(0), block);
}

size_t fault_block_size(void* ctx, void* block) {
    const FaultLayer& layer = layer_of(ctx);
    return layer.beneath.block_size(layer.beneath.ctx, block);
}

void* fault_arena_alloc(void* ctx, size_t size_bytes) {
    const auto& layer = *static_cast<ArenaFaultLayer*>(ctx);
    if (fault_state.sees_arenas && fails_arena(size_bytes, __builtin_return_address(0))) {
        return fail();
    }
    return layer.beneath.alloc(layer.beneath.ctx, size_bytes);
}

void fault_arena_free(void* ctx, void* arena, size_t size_bytes) {
    const auto& layer = *static_cast<ArenaFaultLayer*>(ctx);
    layer.beneath.free(layer.beneath.ctx, arena, size_bytes);
}

}  // namespace

size_t fault_old_bytes_of(const FaultLayer& layer, void* block) noexcept {
    const RequestContext& context = request_context;
    if (block == nullptr) {
        return kUnknownBytes;
    }
    if (context.told_block == block && context.told_domain == layer.domain) {
        return context.told_bytes;
    }
    return layer.beneath.block_size == nullptr ? kUnknownBytes
                                               : layer.beneath.block_size(layer.beneath.ctx, block);
}

void* fault_move_block(const FaultLayer& layer, void* block, size_t old_bytes,
                       size_t size_bytes) noexcept {
    void* moved = layer.beneath.malloc(layer.beneath.ctx, size_bytes);
    if (moved != nullptr) {
        memcpy(moved, block, old_bytes < size_bytes ? old_bytes : size_bytes);
        layer.beneath.free(layer.beneath.ctx, block);
    }
    return moved;
}

void fault_layer_open(FaultLayer& layer, uint32_t domain, const dearth_allocator& beneath,
                      const dearth_allocator& bottom, dearth_allocator& top) noexcept {
    layer.beneath = beneath;
    layer.bottom = bottom;
    layer.domain = domain;
    top = dearth_allocator{&layer,
                           fault_malloc,
                           fault_calloc,
                           fault_realloc,
                           fault_free,
                           beneath.aligned_alloc == nullptr ? nullptr : fault_aligned_alloc,
                           beneath.block_size == nullptr ? nullptr : fault_block_size};
}

void arena_fault_layer_open(ArenaFaultLayer& layer, const dearth_arena_allocator& beneath,
                            dearth_arena_allocator& top) noexcept {
    layer.beneath = beneath;
    top = dearth_arena_allocator{&layer, fault_arena_alloc, fault_arena_free};
}

void expect_size(uint32_t domain, const void* block, size_t told_bytes) noexcept {
    if (is_inside_request) {
        return;
    }
    request_context.told_block = block;
    request_context.told_domain = domain;
    request_context.told_bytes = told_bytes;
}

}  // namespace dearth::hooks
