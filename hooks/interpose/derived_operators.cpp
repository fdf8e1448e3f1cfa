// The forms of new and delete that call another one when the program has replaced that; while it
// has not, they go straight to the allocator, so that arrays and told sizes are known there.
#include <string.h>

#include "hooks/install/process_wide.h"
#include "hooks/interpose/cxx_runtime.h"
#include "hooks/interpose/operators.h"

using namespace dearth::hooks;

namespace {

// By address, and behind the compiler's back: it knows that two functions are never the same.
template <typename Function>
bool is_replaced(Function found, Function own) {
    __asm__("" : "+r"(found));
    return found != own;
}

bool is_new_replaced() {
    return is_replaced(_Znwm, dearth_own_new);
}

bool is_aligned_new_replaced() {
    return is_replaced(_ZnwmSt11align_val_t, dearth_own_aligned_new);
}

bool is_delete_replaced() {
    return is_replaced(_ZdlPv, dearth_own_delete);
}

// The forms without exceptions catch what a handler, or a replaced operator, throws: the runtime's
// own can do that.
template <typename... Arguments>
void* call_runtime(const char* name, void* caller, Arguments... arguments) {
    void* symbol = find_in_runtime(name, caller);
    void* (*function)(Arguments...) = nullptr;
    memcpy(&function, &symbol, sizeof(function));
    return function(arguments...);
}

void release(void* block, bool is_array, void* caller) {
    if (is_delete_replaced()) {
        _ZdlPv(block);
        return;
    }
    process_free(block, {caller, is_array ? DEARTH_FAMILY_NEW_ARRAY : DEARTH_FAMILY_NEW});
}

void release_sized(void* block, size_t size_bytes, bool is_array, void* caller) {
    if (is_delete_replaced()) {
        _ZdlPv(block);
        return;
    }
    process_sized_free(block, size_bytes,
                       {caller, is_array ? DEARTH_FAMILY_NEW_ARRAY : DEARTH_FAMILY_NEW});
}

void release_aligned(void* block, size_t alignment, bool is_array, void* caller) {
    if (is_replaced(_ZdlPvSt11align_val_t, dearth_own_aligned_delete)) {
        _ZdlPvSt11align_val_t(block, alignment);
        return;
    }
    process_free(block, {caller, is_array ? DEARTH_FAMILY_NEW_ARRAY : DEARTH_FAMILY_NEW});
}

}  // namespace

DEARTH_SHADOW void* _Znam(size_t size_bytes) {
    if (is_new_replaced()) {
        return _Znwm(size_bytes);
    }
    return make_new({size_bytes, 0, true, __builtin_return_address(0)});
}

DEARTH_SHADOW void* _ZnamSt11align_val_t(size_t size_bytes, size_t alignment) {
    if (is_aligned_new_replaced()) {
        return _ZnwmSt11align_val_t(size_bytes, alignment);
    }
    return make_new({size_bytes, alignment, true, __builtin_return_address(0)});
}

DEARTH_SHADOW void* _ZnwmRKSt9nothrow_t(size_t size_bytes, const void* tag) {
    void* caller = __builtin_return_address(0);
    void* block = is_new_replaced() ? nullptr : try_new({size_bytes, 0, false, caller});
    if (block != nullptr || (!is_new_replaced() && installed_new_handler(caller) == nullptr)) {
        return block;
    }
    return call_runtime("_ZnwmRKSt9nothrow_t", caller, size_bytes, tag);
}

DEARTH_SHADOW void* _ZnamRKSt9nothrow_t(size_t size_bytes, const void* tag) {
    void* caller = __builtin_return_address(0);
    void* block = is_new_replaced() ? nullptr : try_new({size_bytes, 0, true, caller});
    if (block != nullptr || (!is_new_replaced() && installed_new_handler(caller) == nullptr)) {
        return block;
    }
    return call_runtime("_ZnamRKSt9nothrow_t", caller, size_bytes, tag);
}

DEARTH_SHADOW void* _ZnwmSt11align_val_tRKSt9nothrow_t(size_t size_bytes, size_t alignment,
                                                       const void* tag) {
    void* caller = __builtin_return_address(0);
    const bool is_replaced = is_aligned_new_replaced();
    void* block = is_replaced ? nullptr : try_new({size_bytes, alignment, false, caller});
    if (block != nullptr || (!is_replaced && installed_new_handler(caller) == nullptr)) {
        return block;
    }
    return call_runtime("_ZnwmSt11align_val_tRKSt9nothrow_t", caller, size_bytes, alignment, tag);
}

DEARTH_SHADOW void* _ZnamSt11align_val_tRKSt9nothrow_t(size_t size_bytes, size_t alignment,
                                                       const void* tag) {
    void* caller = __builtin_return_address(0);
    const bool is_replaced = is_aligned_new_replaced();
    void* block = is_replaced ? nullptr : try_new({size_bytes, alignment, true, caller});
    if (block != nullptr || (!is_replaced && installed_new_handler(caller) == nullptr)) {
        return block;
    }
    return call_runtime("_ZnamSt11align_val_tRKSt9nothrow_t", caller, size_bytes, alignment, tag);
}

DEARTH_SHADOW void _ZdaPv(void* block) {
    release(block, true, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdlPvRKSt9nothrow_t(void* block, const void*) {
    release(block, false, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdaPvRKSt9nothrow_t(void* block, const void*) {
    release(block, true, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdlPvm(void* block, size_t size_bytes) {
    release_sized(block, size_bytes, false, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdaPvm(void* block, size_t size_bytes) {
    release_sized(block, size_bytes, true, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdaPvSt11align_val_t(void* block, size_t alignment) {
    release_aligned(block, alignment, true, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdlPvSt11align_val_tRKSt9nothrow_t(void* block, size_t alignment, const void*) {
    release_aligned(block, alignment, false, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdaPvSt11align_val_tRKSt9nothrow_t(void* block, size_t alignment, const void*) {
    release_aligned(block, alignment, true, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdlPvmSt11align_val_t(void* block, size_t, size_t alignment) {
    release_aligned(block, alignment, false, __builtin_return_address(0));
}

DEARTH_SHADOW void _ZdaPvmSt11align_val_t(void* block, size_t, size_t alignment) {
    release_aligned(block, alignment, true, __builtin_return_address(0));
}
