// The gate and the numbering, which every request passes, are here; weighing a request against
// the schedule is in fault_decision.cpp.
#include "hooks/layers/fault_layer.h"

#include <errno.h>
#include <string.h>
#include <sys/single_threaded.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/next_place.h"
#include "hooks/base/reentrancy_guard.h"
#include "hooks/layers/fault_decision.h"
#include "hooks/record/stack_depot.h"

namespace dearth::hooks {

namespace {

FaultLayer& layer_of(void* ctx) noexcept {
    return *static_cast<FaultLayer*>(ctx);
}

void* fail() noexcept {
    errno = ENOMEM;
    return nullptr;
}

/// Everything between entry and return of one call that is not nested.
class CallScope {
public:
    CallScope(uint32_t op, void* caller) noexcept {
        is_inside_request = true;
        request_context.op = op;
        request_context.caller = caller;
    }
    ~CallScope() { is_inside_request = false; }
    CallScope(const CallScope&) = delete;
    CallScope& operator=(const CallScope&) = delete;
};

/// Numbers the request and asks what to do with it; almost always nothing.
inline Plan begin_request(const FaultLayer& layer, uint32_t op, size_t size_bytes,
                          size_t align_bytes) noexcept {
    RequestContext& context = request_context;
    if (__builtin_expect(context.thread == 0, 0)) {
        number_this_thread();
    }
    context.serial = count_request();
    if (__builtin_expect(!fault_state.is_watching, 1)) {
        return Plan{};
    }
    return decide_request(layer.domain, op, size_bytes, align_bytes);
}

inline void* finish_request(const Plan& plan, void* block, size_t size_bytes) noexcept {
    if (__builtin_expect(block == nullptr, 0)) {
        count_exhausted();
    } else if (__builtin_expect(plan.has_effect, 0)) {
        apply_effect(plan, static_cast<unsigned char*>(block), size_bytes);
    }
    next_place.file = nullptr;
    return block;
}

inline void* fail_request() noexcept {
    next_place.file = nullptr;
    return fail();
}

void* fault_malloc(void* ctx, size_t size_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.malloc(layer.bottom.ctx, size_bytes);
    }
    CallScope scope(DEARTH_OP_MALLOC, __builtin_return_address(0));
    const Plan plan = begin_request(layer, DEARTH_OP_MALLOC, size_bytes, kDefaultAlignment);
    if (__builtin_expect(plan.is_failing || size_bytes > kRequestMax, 0)) {
        return fail_request();
    }
    return finish_request(plan, layer.beneath.malloc(layer.beneath.ctx, size_bytes), size_bytes);
}

void* fault_calloc(void* ctx, size_t count, size_t element_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.calloc(layer.bottom.ctx, count, element_bytes);
    }
    CallScope scope(DEARTH_OP_CALLOC, __builtin_return_address(0));
    size_t size_bytes = SIZE_MAX;
    const bool fits = multiply_sizes(count, element_bytes, size_bytes);
    const Plan plan = begin_request(layer, DEARTH_OP_CALLOC, size_bytes, kDefaultAlignment);
    if (__builtin_expect(plan.is_failing || !fits, 0)) {
        return fail_request();
    }
    void* block = layer.beneath.calloc(layer.beneath.ctx, count, element_bytes);
    return finish_request(plan, block, size_bytes);
}

void* fault_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.aligned_alloc(layer.bottom.ctx, alignment, size_bytes);
    }
    CallScope scope(DEARTH_OP_ALIGNED, __builtin_return_address(0));
    const Plan plan = begin_request(layer, DEARTH_OP_ALIGNED, size_bytes, alignment);
    if (__builtin_expect(plan.is_failing || size_bytes > kRequestMax, 0)) {
        return fail_request();
    }
    void* block = layer.beneath.aligned_alloc(layer.beneath.ctx, alignment, size_bytes);
    return finish_request(plan, block, size_bytes);
}

constexpr size_t kUnknownBytes = SIZE_MAX;

/// Size of a block before it is resized: what the caller told, else what a layer beneath knows.
size_t old_bytes_of(const FaultLayer& layer, void* block) noexcept {
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

/// realloc as malloc, copy and free: the block gets a new address, come what may.
void* move_block(const FaultLayer& layer, void* block, size_t old_bytes,
                 size_t size_bytes) noexcept {
    void* moved = layer.beneath.malloc(layer.beneath.ctx, size_bytes);
    if (moved != nullptr) {
        memcpy(moved, block, old_bytes < size_bytes ? old_bytes : size_bytes);
        layer.beneath.free(layer.beneath.ctx, block);
    }
    return moved;
}

void* resize(FaultLayer& layer, void* block, size_t size_bytes) noexcept {
    // Only a schedule or an observer cares whether a realloc shrinks: the look-up is theirs to pay.
    const size_t old_bytes = fault_state.is_watching ? old_bytes_of(layer, block) : kUnknownBytes;
    const bool is_shrink = old_bytes != kUnknownBytes && size_bytes < old_bytes;
    const uint32_t op = is_shrink ? DEARTH_OP_SHRINK : DEARTH_OP_REALLOC;
    request_context.op = op;
    const Plan plan = begin_request(layer, op, size_bytes, kDefaultAlignment);
    if (__builtin_expect(plan.is_failing || size_bytes > kRequestMax, 0)) {
        return fail_request();
    }
    const bool is_moved = plan.has_effect && plan.action == DEARTH_ACTION_MOVE &&
                          block != nullptr && old_bytes != kUnknownBytes;
    void* resized = is_moved ? move_block(layer, block, old_bytes, size_bytes)
                             : layer.beneath.realloc(layer.beneath.ctx, block, size_bytes);
    // Only what the caller has not written yet is "new" memory to be filled.
    Plan after = plan;
    after.kept_bytes = old_bytes == kUnknownBytes ? (block == nullptr ? 0 : size_bytes) : old_bytes;
    return finish_request(after, resized, size_bytes);
}

void* fault_realloc(void* ctx, void* block, size_t size_bytes) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        return layer.bottom.realloc(layer.bottom.ctx, block, size_bytes);
    }
    CallScope scope(DEARTH_OP_REALLOC, __builtin_return_address(0));
    void* resized = resize(layer, block, size_bytes);
    request_context.told_block = nullptr;
    return resized;
}

void fault_free(void* ctx, void* block) {
    FaultLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_inside_request, 0)) {
        layer.bottom.free(layer.bottom.ctx, block);
        return;
    }
    CallScope scope(DEARTH_OP_COUNT, __builtin_return_address(0));
    if (fault_state.captures_free_stacks) {
        request_context.stack_id = intern_current_stack(request_context.caller);
    }
    layer.beneath.free(layer.beneath.ctx, block);
    request_context.told_block = nullptr;
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
