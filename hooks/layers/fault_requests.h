// The fault layer's way with one request, over whatever lies beneath: shared by the layer's table
// (fault_layer.cpp) and the fused one. The gate comes first: whoever calls these has asked
// is_inside_request and found false.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/next_place.h"
#include "hooks/base/reentrancy_guard.h"
#include "hooks/layers/fault_decision.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/record/request_context.h"
#include "hooks/record/stack_depot.h"

namespace dearth::hooks {

/// Everything between entry and return of one call that is not nested.
class CallScope {
public:
    CallScope(uint32_t op, void* caller) noexcept {
        is_inside_request = true;
        request_context.op = op;
        request_context.caller =
            request_context.forwarded_for != nullptr ? request_context.forwarded_for : caller;
    }
    ~CallScope() { is_inside_request = false; }
    CallScope(const CallScope&) = delete;
    CallScope& operator=(const CallScope&) = delete;
};

inline void number_request() noexcept {
    RequestContext& context = request_context;
    if (__builtin_expect(context.thread == 0, 0)) {
        number_this_thread();
    }
    context.serial = count_request();
}

/// Numbers the request and asks what to do with it; almost always nothing. `is_watching`: what
/// fault_state says, from a caller who may have made sure of it before.
inline Plan begin_request(const FaultLayer& layer, uint32_t op, size_t size_bytes,
                          size_t align_bytes, bool is_watching) noexcept {
    number_request();
    if (__builtin_expect(!is_watching, 1)) {
        return Plan{};
    }
    return decide_request(layer.domain, op, size_bytes, align_bytes);
}

/// For a request with nothing to be done to it.
inline void* finish_plain(void* block) noexcept {
    if (__builtin_expect(block == nullptr, 0)) {
        count_exhausted();
    }
    next_place.file = nullptr;
    return block;
}

inline void* finish_request(const Plan& plan, void* block, size_t size_bytes) noexcept {
    if (block != nullptr && __builtin_expect(plan.has_effect, 0)) {
        apply_effect(plan, static_cast<unsigned char*>(block), size_bytes);
    }
    return finish_plain(block);
}

inline void* fail_request() noexcept {
    next_place.file = nullptr;
    errno = ENOMEM;
    return nullptr;
}

// Inlined, so that a caller who knows that nothing watches gets no plan at all.
template <typename Below>
__attribute__((always_inline)) inline void* fault_serve_malloc(FaultLayer& layer, Below below,
                                                               void* caller, size_t size_bytes,
                                                               bool is_watching) noexcept {
    CallScope scope(DEARTH_OP_MALLOC, caller);
    if (!is_watching) {
        number_request();
        return size_bytes > kRequestMax ? fail_request() : finish_plain(below.make(size_bytes));
    }
    const Plan plan =
        begin_request(layer, DEARTH_OP_MALLOC, size_bytes, kDefaultAlignment, is_watching);
    if (__builtin_expect(plan.is_failing || size_bytes > kRequestMax, 0)) {
        return fail_request();
    }
    return finish_request(plan, below.make(size_bytes), size_bytes);
}

template <typename Below>
__attribute__((always_inline)) inline void* fault_serve_calloc(FaultLayer& layer, Below below,
                                                               void* caller, size_t count,
                                                               size_t element_bytes,
                                                               bool is_watching) noexcept {
    CallScope scope(DEARTH_OP_CALLOC, caller);
    size_t size_bytes = SIZE_MAX;
    const bool fits = multiply_sizes(count, element_bytes, size_bytes);
    const Plan plan =
        begin_request(layer, DEARTH_OP_CALLOC, size_bytes, kDefaultAlignment, is_watching);
    if (__builtin_expect(plan.is_failing || !fits, 0)) {
        return fail_request();
    }
    return finish_request(plan, below.make_zeroed(count, element_bytes), size_bytes);
}

template <typename Below>
inline void* fault_serve_aligned_alloc(FaultLayer& layer, Below below, void* caller,
                                       size_t alignment, size_t size_bytes) noexcept {
    CallScope scope(DEARTH_OP_ALIGNED, caller);
    const Plan plan =
        begin_request(layer, DEARTH_OP_ALIGNED, size_bytes, alignment, fault_state.is_watching);
    if (__builtin_expect(plan.is_failing || size_bytes > kRequestMax, 0)) {
        return fail_request();
    }
    return finish_request(plan, below.make_aligned(alignment, size_bytes), size_bytes);
}

inline constexpr size_t kUnknownBytes = SIZE_MAX;

/// Size of a block before it is resized: what the caller told, else what a layer beneath knows.
size_t fault_old_bytes_of(const FaultLayer& layer, void* block) noexcept;

/// realloc as malloc, copy and free: the block gets a new address, come what may.
void* fault_move_block(const FaultLayer& layer, void* block, size_t old_bytes,
                       size_t size_bytes) noexcept;

/// What a schedule or an observer makes of a resize.
template <typename Below>
inline void* fault_resize(FaultLayer& layer, Below below, void* block, size_t size_bytes) noexcept {
    // Only they care whether a realloc shrinks: the look-up is theirs to pay.
    const size_t old_bytes = fault_old_bytes_of(layer, block);
    const bool is_shrink = old_bytes != kUnknownBytes && size_bytes < old_bytes;
    const uint32_t op = is_shrink ? DEARTH_OP_SHRINK : DEARTH_OP_REALLOC;
    request_context.op = op;
    const Plan plan = begin_request(layer, op, size_bytes, kDefaultAlignment, true);
    if (__builtin_expect(plan.is_failing || size_bytes > kRequestMax, 0)) {
        return fail_request();
    }
    const bool is_moved = plan.has_effect && plan.action == DEARTH_ACTION_MOVE &&
                          block != nullptr && old_bytes != kUnknownBytes;
    void* resized = is_moved ? fault_move_block(layer, block, old_bytes, size_bytes)
                             : below.resize(block, size_bytes);
    // Only what the caller has not written yet is "new" memory to be filled.
    Plan after = plan;
    after.kept_bytes = old_bytes == kUnknownBytes ? (block == nullptr ? 0 : size_bytes) : old_bytes;
    return finish_request(after, resized, size_bytes);
}

template <typename Below>
__attribute__((always_inline)) inline void* fault_serve_realloc(FaultLayer& layer, Below below,
                                                                void* caller, void* block,
                                                                size_t size_bytes,
                                                                bool is_watching) noexcept {
    CallScope scope(DEARTH_OP_REALLOC, caller);
    void* resized = nullptr;
    if (is_watching) {
        resized = fault_resize(layer, below, block, size_bytes);
    } else {
        number_request();
        resized = size_bytes > kRequestMax ? fail_request()
                                           : finish_plain(below.resize(block, size_bytes));
    }
    request_context.told_block = nullptr;
    return resized;
}

template <typename Below>
inline void fault_serve_free(Below below, void* caller, void* block) noexcept {
    CallScope scope(DEARTH_OP_COUNT, caller);
    // Else the stack of the thread's last request would pass for the one that frees.
    request_context.stack_id = __builtin_expect(fault_state.captures_free_stacks, 0)
                                   ? intern_current_stack(request_context.caller)
                                   : 0;
    below.release(block);
    request_context.told_block = nullptr;
}

}  // namespace dearth::hooks
