#include "harness/engines/kit/engine_stack.h"

#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

namespace dearth::hooks {
namespace {

constexpr uintptr_t kStackAddress = 0x600000000000u;
constexpr size_t kGuardBytes = 64u * 1024u;
constexpr size_t kLeastStackBytes = 64u * 1024u;

struct Call {
    void (*body)(void* ctx, const StackBounds& bounds);
    void* ctx;
    StackBounds bounds;
    ucontext_t caller;
    ucontext_t callee;
};

// makecontext passes only ints; one call a process needs no more than this.
constinit Call call_ = {};

void enter() {
    call_.body(call_.ctx, call_.bounds);
}

constexpr bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}

StackBounds bounds_of_this_thread() {
    StackBounds bounds = {};
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return bounds;
    void* low = nullptr;
    size_t bytes = 0;
    pthread_attr_getstack(&attributes, &low, &bytes);
    pthread_attr_destroy(&attributes);
    bounds.low = reinterpret_cast<uintptr_t>(low);
    bounds.high = bounds.low + bytes;
    return bounds;
}

}  // namespace

void run_on_engine_stack(size_t stack_bytes, void (*body)(void* ctx, const StackBounds& bounds),
                         void* ctx) {
    const size_t size =
        stack_bytes < kLeastStackBytes ? kLeastStackBytes : stack_bytes & ~size_t{4095};
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE;
    auto* wanted = reinterpret_cast<void*>(kStackAddress);
    char* pages = static_cast<char*>(MAP_FAILED);
    if (!is_sanitized())
        pages = static_cast<char*>(mmap(wanted, size + kGuardBytes, PROT_READ | PROT_WRITE,
                                        kFlags | MAP_FIXED_NOREPLACE, -1, 0));
    if (pages == MAP_FAILED || mprotect(pages, kGuardBytes, PROT_NONE) != 0) {
        body(ctx, bounds_of_this_thread());
        return;
    }
    call_.body = body;
    call_.ctx = ctx;
    call_.bounds.low = reinterpret_cast<uintptr_t>(pages) + kGuardBytes;
    call_.bounds.high = call_.bounds.low + size;
    getcontext(&call_.callee);
    call_.callee.uc_stack.ss_sp = pages + kGuardBytes;
    call_.callee.uc_stack.ss_size = size;
    call_.callee.uc_link = &call_.caller;
    makecontext(&call_.callee, enter, 0);
    swapcontext(&call_.caller, &call_.callee);
}

}  // namespace dearth::hooks
