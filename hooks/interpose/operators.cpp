// The four forms that the others are made of, and the loop that asks the new-handler.
#include "hooks/interpose/operators.h"

#include "hooks/install/process_wide.h"
#include "hooks/interpose/cxx_runtime.h"

namespace dearth::hooks {

void* try_new(const NewCall& call) {
    const CallFacts facts = {call.caller,
                             call.is_array ? DEARTH_FAMILY_NEW_ARRAY : DEARTH_FAMILY_NEW};
    return call.alignment == 0 ? process_malloc(call.size_bytes, facts)
                               : process_aligned_alloc(call.alignment, call.size_bytes, facts);
}

void* make_new(const NewCall& call) {
    for (;;) {
        void* block = try_new(call);
        if (__builtin_expect(block != nullptr, 1)) {
            return block;
        }
        const NewHandler handler = installed_new_handler(call.caller);
        if (handler == nullptr) {
            throw_bad_alloc(call.caller);
        }
        handler();
    }
}

}  // namespace dearth::hooks

using namespace dearth::hooks;

DEARTH_SHADOW void* _Znwm(size_t size_bytes) {
    return make_new({size_bytes, 0, false, __builtin_return_address(0)});
}

DEARTH_SHADOW void* _ZnwmSt11align_val_t(size_t size_bytes, size_t alignment) {
    return make_new({size_bytes, alignment, false, __builtin_return_address(0)});
}

DEARTH_SHADOW void _ZdlPv(void* block) {
    process_free(block, {__builtin_return_address(0), DEARTH_FAMILY_NEW});
}

DEARTH_SHADOW void _ZdlPvSt11align_val_t(void* block, size_t) {
    process_free(block, {__builtin_return_address(0), DEARTH_FAMILY_NEW});
}

DEARTH_OWN_NAME("_Znwm") void* dearth_own_new(size_t size_bytes);
DEARTH_OWN_NAME("_ZnwmSt11align_val_t")
void* dearth_own_aligned_new(size_t size_bytes, size_t alignment);
DEARTH_OWN_NAME("_ZdlPv") void dearth_own_delete(void* block);
DEARTH_OWN_NAME("_ZdlPvSt11align_val_t")
void dearth_own_aligned_delete(void* block, size_t alignment);
