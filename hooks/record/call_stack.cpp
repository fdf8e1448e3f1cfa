// Unwinding; see the header. Measured on 24 frames: unw_backtrace 250 ns, libc's backtrace 5,400.
#include "hooks/record/call_stack.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "hooks/base/errno_saver.h"
#include "hooks/base/fork_locks.h"
#include "hooks/base/spin_lock.h"

namespace dearth::hooks {

namespace {

using BacktraceFunction = int (*)(void** frames, int max_frames);

// Deepest stack a capture looks at: what it may return and what it may have to skip.
constexpr size_t kRawFramesMax = 64;

constinit BacktraceFunction backtrace_function = nullptr;
constinit StackSource source = StackSource::kNone;

// libunwind has a mutex of its own, which fork knows nothing of: a child made while another thread
// unwinds would wait for it for ever. With ours around it, it is free whenever fork has ours.
constinit SpinLock unwinder_lock = {};

// A crash inside the unwinder is told with a stack as well, on the thread that holds the lock.
constinit thread_local bool is_unwinding = false;

// libunwind locks a mutex when a thread ends, after ThreadSanitizer has dropped the thread's state.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMayUseLibunwind = false;
#elif defined(__has_feature)
constexpr bool kMayUseLibunwind = !__has_feature(thread_sanitizer);
#else
constexpr bool kMayUseLibunwind = true;
#endif

BacktraceFunction open_libunwind() noexcept {
    if (!kMayUseLibunwind) {
        return nullptr;
    }
    // Never closed: its code may be on some thread's stack.
    void* library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        return nullptr;
    }
    void* symbol = dlsym(library, "unw_backtrace");
    BacktraceFunction function = nullptr;
    static_assert(sizeof(function) == sizeof(symbol), "POSIX: a function fits a data pointer");
    memcpy(&function, &symbol, sizeof(function));
    return function;
}

size_t capture_raw(void** raw, size_t max_frames) noexcept {
    const BacktraceFunction function = __atomic_load_n(&backtrace_function, __ATOMIC_ACQUIRE);
    if (function == nullptr) {
        return 0;
    }
    ErrnoSaver saver;
    const bool is_nested = is_unwinding;
    SpinLockScope scope(unwinder_lock, is_nested || __libc_single_threaded != 0);
    is_unwinding = true;
    const int count = function(raw, static_cast<int>(max_frames));
    is_unwinding = is_nested;
    return count < 0 ? 0 : static_cast<size_t>(count);
}

size_t copy_frames(void** frames, size_t max_frames, void* const* raw, size_t count) noexcept {
    const size_t kept = count < max_frames ? count : max_frames;
    memcpy(frames, raw, kept * sizeof(*frames));
    return kept;
}

}  // namespace

StackSource call_stack_prepare() noexcept {
    if (source != StackSource::kNone) {
        return source;
    }
    ErrnoSaver saver;
    BacktraceFunction function = open_libunwind();
    const StackSource found = function == nullptr ? StackSource::kLibc : StackSource::kLibunwind;
    if (function == nullptr) {
        function = backtrace;
    }
    add_fork_lock(unwinder_lock, LockRank::kUnwinder);
    // The first call loads libgcc or fills caches: let it happen here and not inside a request.
    void* frames[kOwnFramesMax];
    function(frames, static_cast<int>(kOwnFramesMax));
    source = found;
    __atomic_store_n(&backtrace_function, function, __ATOMIC_RELEASE);
    return source;
}

StackSource call_stack_source() noexcept {
    return source;
}

__attribute__((noinline)) size_t capture(void** frames, size_t max_frames,
                                         const void* first_caller) noexcept {
    void* raw[kRawFramesMax];
    const size_t wanted =
        max_frames < kRawFramesMax - kOwnFramesMax ? max_frames + kOwnFramesMax : kRawFramesMax;
    const size_t count = capture_raw(raw, wanted);
    size_t first = 0;
    if (first_caller != nullptr) {
        while (first < count && raw[first] != first_caller) {
            ++first;
        }
    }
    if (first_caller == nullptr || first == count) {
        // Not there, because the caller tail-called us or has no unwind tables: keep all there is.
        first = count == 0 ? 0 : 1;
    }
    return copy_frames(frames, max_frames, raw + first, count - first);
}

size_t capture_from_signal(void** frames, size_t max_frames, const void* ucontext) noexcept {
    if (max_frames == 0) {
        return 0;
    }
    const auto* context = static_cast<const ucontext_t*>(ucontext);
    const auto fault = static_cast<uintptr_t>(context->uc_mcontext.gregs[REG_RIP]);
    void* raw[kRawFramesMax];
    const size_t count = capture_raw(raw, kRawFramesMax);
    size_t first = 0;
    while (first < count && reinterpret_cast<uintptr_t>(raw[first]) != fault) {
        ++first;
    }
    if (first < count) {
        return copy_frames(frames, max_frames, raw + first, count - first);
    }
    // The unwinder did not get through the signal frame: a jump to a wild address has no tables.
    // The instruction itself is known in any case.
    frames[0] = reinterpret_cast<void*>(fault);
    return 1;
}

}  // namespace dearth::hooks
