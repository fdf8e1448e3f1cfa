// operator new and delete, under the names the C++ ABI gives them. All of them can be replaced by
// the program, one by one, and those that it does not replace must then come out where libstdc++'s
// would: new[] in new, sized and array delete in delete.
#pragma once

#include <stddef.h>

#include "hooks/interpose/shadow.h"

// The forms that the others are made of: `new`, `new` with an alignment, and their deletes.
DEARTH_SHADOW void* _Znwm(size_t size_bytes);
DEARTH_SHADOW void* _ZnwmSt11align_val_t(size_t size_bytes, size_t alignment);
DEARTH_SHADOW void _ZdlPv(void* block);
DEARTH_SHADOW void _ZdlPvSt11align_val_t(void* block, size_t alignment);

// Always ours; defined with them in operators.cpp.
extern "C" {
__attribute__((visibility("hidden"))) void* dearth_own_new(size_t size_bytes);
__attribute__((visibility("hidden"))) void* dearth_own_aligned_new(size_t size_bytes,
                                                                   size_t alignment);
__attribute__((visibility("hidden"))) void dearth_own_delete(void* block);
__attribute__((visibility("hidden"))) void dearth_own_aligned_delete(void* block, size_t alignment);
}

namespace dearth::hooks {

/// One call of an operator new: `alignment` 0 for the default.
struct NewCall {
    size_t size_bytes;
    size_t alignment;
    bool is_array;
    void* caller;
};

/// Once; NULL when there is no memory.
void* try_new(const NewCall& call);

/// Asks the program's new-handler until there is memory, as the standard says; throws
/// std::bad_alloc when there is no handler.
void* make_new(const NewCall& call);

}  // namespace dearth::hooks
