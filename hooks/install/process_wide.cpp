// See the header. A request that is nested in another one of its thread (the loader, a signal
// handler that interrupted us) goes straight to glibc and is remembered like one of the start.
#include "hooks/install/process_wide.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "dearth/install.h"
#include "hooks/base/checked_size.h"
#include "hooks/base/errno_saver.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/layers/layer_stack.h"

namespace dearth::hooks {

namespace {

void* fail() noexcept {
    errno = ENOMEM;
    return nullptr;
}

// Zero bytes become one: the layers promise distinct blocks, and glibc's realloc(block, 0) frees.
size_t at_least_one(size_t size_bytes) noexcept {
    return size_bytes == 0 ? 1 : size_bytes;
}

void* glibc_malloc(void*, size_t size_bytes) {
    return __libc_malloc(at_least_one(size_bytes));
}

void* glibc_calloc(void*, size_t count, size_t element_bytes) {
    size_t size_bytes = 0;
    if (!multiply_sizes(count, element_bytes, size_bytes)) {
        return fail();
    }
    return __libc_calloc(1, at_least_one(size_bytes));
}

void* glibc_realloc(void*, void* block, size_t size_bytes) {
    return __libc_realloc(block, at_least_one(size_bytes));
}

void glibc_free(void*, void* block) {
    __libc_free(block);
}

void* glibc_aligned_alloc(void*, size_t alignment, size_t size_bytes) {
    return __libc_memalign(alignment, at_least_one(size_bytes));
}

constinit const dearth_allocator kGlibcTable = {
    nullptr, glibc_malloc, glibc_calloc, glibc_realloc, glibc_free, glibc_aligned_alloc, nullptr};

// glibc's own malloc_usable_size, which we shadow. A successful look-up allocates nothing.
size_t glibc_usable_size(void* block) noexcept {
    using UsableSize = size_t (*)(void*);
    static constinit UsableSize function = nullptr;
    UsableSize found = __atomic_load_n(&function, __ATOMIC_RELAXED);
    if (found == nullptr) {
        void* symbol = dlsym(RTLD_NEXT, "malloc_usable_size");
        memcpy(&found, &symbol, sizeof(found));
        __atomic_store_n(&function, found, __ATOMIC_RELAXED);
    }
    return found == nullptr ? 0 : found(block);
}

void* keep_direct(void* block) noexcept {
    if (block != nullptr && !add_direct_block(block)) {
        __libc_free(block);
        return fail();
    }
    return block;
}

void enter_state(ProcessState next) noexcept {
    __atomic_store_n(&process_wide.state, static_cast<uint32_t>(next), __ATOMIC_RELEASE);
}

// In these states every block is glibc's own, and none is remembered.
bool is_glibcs_alone(ProcessState state) noexcept {
    return __builtin_expect(state == ProcessState::kPassing || state == ProcessState::kCounting, 1);
}

}  // namespace

bool put_layers_in() noexcept {
    prepare_direct_blocks_for_fork();
    if (stack_wrap(DEARTH_DOMAIN_RAW, &kGlibcTable, &process_wide.top) != 0) {
        return false;
    }
    constexpr uint32_t kChanging = DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD |
                                   DEARTH_LAYER_PAGE_GUARD | DEARTH_LAYER_QUARANTINE;
    if ((stack_options().layers & kChanging) != 0) {
        enter_state(ProcessState::kLayered);
    } else {
        enter_state(ProcessState::kCounting);
        clear_direct_blocks();
    }
    return true;
}

void pass_all_requests() noexcept {
    enter_state(ProcessState::kPassing);
    clear_direct_blocks();
}

void* direct_malloc(size_t size_bytes, CallFacts call) noexcept {
    const ProcessState state = process_state();
    if (state == ProcessState::kPassing) {
        return __libc_malloc(size_bytes);
    }
    if (state != ProcessState::kCounting) {
        return keep_direct(__libc_malloc(size_bytes));
    }
    set_caller(call);
    return process_wide.top.malloc(process_wide.top.ctx, size_bytes);
}

void* direct_calloc(size_t count, size_t element_bytes, CallFacts call) noexcept {
    const ProcessState state = process_state();
    if (state == ProcessState::kPassing) {
        return __libc_calloc(count, element_bytes);
    }
    if (state != ProcessState::kCounting) {
        return keep_direct(__libc_calloc(count, element_bytes));
    }
    if (is_counted_here()) {
        return note_exhausted(__libc_calloc(count, element_bytes));
    }
    set_caller(call);
    return process_wide.top.calloc(process_wide.top.ctx, count, element_bytes);
}

void* direct_aligned_alloc(size_t alignment, size_t size_bytes, CallFacts call) noexcept {
    const ProcessState state = process_state();
    if (state == ProcessState::kPassing) {
        return __libc_memalign(alignment, size_bytes);
    }
    if (state != ProcessState::kCounting) {
        return keep_direct(__libc_memalign(alignment, size_bytes));
    }
    if (is_counted_here()) {
        return note_exhausted(__libc_memalign(alignment, size_bytes));
    }
    set_caller(call);
    return process_wide.top.aligned_alloc(process_wide.top.ctx, alignment, size_bytes);
}

namespace {

void* counted_realloc(void* block, size_t size_bytes, CallFacts call) noexcept {
    if (size_bytes == 0 && block != nullptr) {
        __libc_free(block);
        return nullptr;
    }
    if (is_counted_here()) {
        return note_exhausted(__libc_realloc(block, size_bytes));
    }
    set_caller(call);
    return process_wide.top.realloc(process_wide.top.ctx, block, size_bytes);
}

}  // namespace

void* direct_realloc(void* block, size_t size_bytes, CallFacts call) noexcept {
    const ProcessState state = process_state();
    if (state == ProcessState::kPassing) {
        return __libc_realloc(block, size_bytes);
    }
    if (state == ProcessState::kCounting) {
        return counted_realloc(block, size_bytes, call);
    }
    if (block != nullptr && !remove_direct_block(block)) {
        // A signal handler inside the layers: what is theirs cannot be touched now.
        return fail();
    }
    // It is out of the table first: the address may be somebody else's as soon as it is free.
    void* resized = __libc_realloc(block, size_bytes);
    if (resized == nullptr && size_bytes != 0) {
        add_direct_block(block);
        return nullptr;
    }
    return keep_direct(resized);
}

void direct_free(void* block, CallFacts call) noexcept {
    const ProcessState state = process_state();
    if (is_glibcs_alone(state) || remove_direct_block(block)) {
        __libc_free(block);
        return;
    }
    // Inside a request: the layers' own block, which cannot be touched now, stays for ever. While
    // starting every block is known: the pointer is wild, and glibc has the last word on it.
    if (is_inside_request) {
        return;
    }
    if (state == ProcessState::kStarting) {
        __libc_free(block);
        return;
    }
    set_caller(call);
    process_wide.top.free(process_wide.top.ctx, block);
}

void* adopt_block(void* block, size_t size_bytes) noexcept {
    // The request is the target's, and may fail like any other.
    void* adopted = process_wide.top.realloc(process_wide.top.ctx, nullptr, size_bytes);
    if (adopted != nullptr) {
        const size_t old_bytes = glibc_usable_size(block);
        memcpy(adopted, block, old_bytes < size_bytes ? old_bytes : size_bytes);
        remove_direct_block(block);
        ErrnoSaver saver;
        __libc_free(block);
    }
    return adopted;
}

void process_sized_free(void* block, size_t told_bytes, CallFacts call) noexcept {
    if (block != nullptr && is_for_layers() && !is_direct_block(block)) {
        expect_size(DEARTH_DOMAIN_RAW, block, told_bytes);
    }
    process_free(block, call);
}

size_t process_usable_size(void* block) noexcept {
    if (block == nullptr) {
        return 0;
    }
    const dearth_allocator& top = process_wide.top;
    if (process_state() == ProcessState::kLayered && top.block_size != nullptr &&
        !is_direct_block(block)) {
        return top.block_size(top.ctx, block);
    }
    return glibc_usable_size(block);
}

}  // namespace dearth::hooks
