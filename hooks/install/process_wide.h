// The allocator of the whole process, for the preload library: glibc's own functions at the bottom,
// the layers of the raw domain around them. It starts in one state and goes on in another:
//
//   starting   from the loader's first request on: straight to glibc, and remembered, so that the
//              blocks are known when they are freed or resized later
//   layered    every request passes the layers; or
//   counting   no layer but the fault layer: a request passes it only while it has more to do than
//              to count; every block is glibc's own, so a free goes straight back; or
//   passing    nobody asked for layers: straight to glibc, and nothing is remembered
//
// Blocks are remembered rather than recognised by what they look like, and the layers are not put
// in from the first request on: they need libc and the unwinder set up, and their tables would be
// paid for by every program that merely inherits the library.
//
// Any thread, any time: before main, after exit, inside another request. errno is libc's.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"
#include "hooks/base/reentrancy_guard.h"
#include "hooks/install/direct_blocks.h"
#include "hooks/layers/fault_decision.h"
#include "hooks/record/request_context.h"

// glibc's own functions, whatever `malloc` resolves to. No dlsym is needed to reach them.
extern "C" {
void* __libc_malloc(size_t size_bytes);
void* __libc_calloc(size_t count, size_t element_bytes);
void* __libc_realloc(void* block, size_t size_bytes);
void __libc_free(void* block);
void* __libc_memalign(size_t alignment, size_t size_bytes);
}

namespace dearth::hooks {

enum class ProcessState : uint32_t { kStarting = 0, kLayered = 1, kPassing = 2, kCounting = 3 };

struct ProcessWide {
    uint32_t state;  ///< enum ProcessState; atomic
    dearth_allocator top;
};
inline constinit ProcessWide process_wide = {};

/// Ends the start: puts the layers in (dearth_start was called). False, with errno, when they
/// refuse. The process has one thread, or the others make no requests.
bool put_layers_in() noexcept;
/// Ends the start: no layers.
void pass_all_requests() noexcept;

/// What each request carries besides its numbers.
struct CallFacts {
    void* caller;  ///< return address of the shadowed function
    dearth_family family = DEARTH_FAMILY_MALLOC;
};

/// The ways that do not lead to all layers: in other states than layered, or nested in a request.
void* direct_malloc(size_t size_bytes, CallFacts call) noexcept;
void* direct_calloc(size_t count, size_t element_bytes, CallFacts call) noexcept;
void* direct_realloc(void* block, size_t size_bytes, CallFacts call) noexcept;
void* direct_aligned_alloc(size_t alignment, size_t size_bytes, CallFacts call) noexcept;
/// Frees a block that came straight from glibc; all others go to the layers.
void direct_free(void* block, CallFacts call) noexcept;
/// A realloc, through the layers, of a block that came from before them.
void* adopt_block(void* block, size_t size_bytes) noexcept;

inline ProcessState process_state() noexcept {
    return static_cast<ProcessState>(__atomic_load_n(&process_wide.state, __ATOMIC_ACQUIRE));
}

/// Whether a request goes to the layers.
inline bool is_for_layers() noexcept {
    return __builtin_expect(process_state() == ProcessState::kLayered && !is_inside_request, 1);
}

/// Whether a request has only to be counted, which this has then done, but for the thread's first.
inline bool is_counted_here() noexcept {
    if (__builtin_expect(process_state() != ProcessState::kCounting || fault_state.is_watching ||
                             request_context.thread == 0,
                         0)) {
        return false;
    }
    count_request();
    return true;
}

/// What is made where only counting is asked for.
inline void* note_exhausted(void* block) noexcept {
    if (__builtin_expect(block == nullptr, 0)) {
        count_exhausted();
    }
    return block;
}

/// Every request says who asks, so nothing need be put back after it, and a request costs one jump
/// more than one to the layers themselves.
inline void set_caller(const CallFacts& call) noexcept {
    request_context.forwarded_for = call.caller;
    request_context.family = call.family;
}

/// Requests, with the meaning that glibc gives them: realloc(block, 0) frees. `alignment` is a
/// power of two.
inline void* process_malloc(size_t size_bytes, CallFacts call) noexcept {
    if (!is_for_layers()) {
        return is_counted_here() ? note_exhausted(__libc_malloc(size_bytes))
                                 : direct_malloc(size_bytes, call);
    }
    set_caller(call);
    return process_wide.top.malloc(process_wide.top.ctx, size_bytes);
}

inline void* process_calloc(size_t count, size_t element_bytes, CallFacts call) noexcept {
    if (!is_for_layers()) {
        return direct_calloc(count, element_bytes, call);
    }
    set_caller(call);
    return process_wide.top.calloc(process_wide.top.ctx, count, element_bytes);
}

inline void* process_aligned_alloc(size_t alignment, size_t size_bytes,
                                   const CallFacts& call) noexcept {
    if (!is_for_layers()) {
        return direct_aligned_alloc(alignment, size_bytes, call);
    }
    set_caller(call);
    return process_wide.top.aligned_alloc(process_wide.top.ctx, alignment, size_bytes);
}

inline void process_free(void* block, CallFacts call) noexcept {
    if (block == nullptr) {
        return;
    }
    if (__builtin_expect(!is_for_layers() || may_be_direct(block), 0)) {
        direct_free(block, call);
        return;
    }
    set_caller(call);
    process_wide.top.free(process_wide.top.ctx, block);
}

inline void* process_realloc(void* block, size_t size_bytes, CallFacts call) noexcept {
    if (!is_for_layers()) {
        return direct_realloc(block, size_bytes, call);
    }
    if (__builtin_expect(size_bytes == 0 && block != nullptr, 0)) {
        process_free(block, call);
        return nullptr;
    }
    set_caller(call);
    if (__builtin_expect(may_be_direct(block) && is_direct_block(block), 0)) {
        return adopt_block(block, size_bytes);
    }
    return process_wide.top.realloc(process_wide.top.ctx, block, size_bytes);
}

/// A free by a caller who believes the block to be `told_bytes` long.
void process_sized_free(void* block, size_t told_bytes, CallFacts call) noexcept;
/// Bytes that the caller may use; with layers what was asked for, and no more.
size_t process_usable_size(void* block) noexcept;

}  // namespace dearth::hooks
