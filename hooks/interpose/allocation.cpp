// The allocating functions of glibc 2.36. Forwards, and what glibc says about their arguments.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/errno_saver.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/install/process_wide.h"
#include "hooks/interpose/shadow.h"

using namespace dearth::hooks;

namespace {

void* refuse(int code) noexcept {
    errno = code;
    return nullptr;
}

// memalign takes any alignment, and means the next power of two.
void* make_aligned(size_t alignment, size_t size_bytes, void* caller) noexcept {
    constexpr size_t kAlignmentMax = SIZE_MAX / 2 + 1;
    if (alignment > kAlignmentMax) {
        return refuse(EINVAL);
    }
    size_t power = alignof(max_align_t);
    while (power < alignment) {
        power *= 2;
    }
    return process_aligned_alloc(power, size_bytes, {caller});
}

}  // namespace

DEARTH_SHADOW void* malloc(size_t size_bytes) noexcept {
    return process_malloc(size_bytes, {__builtin_return_address(0)});
}

DEARTH_OWN_NAME("malloc") void* dearth_own_malloc(size_t size_bytes) noexcept;

DEARTH_SHADOW void* calloc(size_t count, size_t element_bytes) noexcept {
    return process_calloc(count, element_bytes, {__builtin_return_address(0)});
}

DEARTH_SHADOW void* realloc(void* block, size_t size_bytes) noexcept {
    return process_realloc(block, size_bytes, {__builtin_return_address(0)});
}

DEARTH_SHADOW void* reallocarray(void* block, size_t count, size_t element_bytes) noexcept {
    size_t size_bytes = 0;
    if (__builtin_mul_overflow(count, element_bytes, &size_bytes)) {
        return refuse(ENOMEM);
    }
    return process_realloc(block, size_bytes, {__builtin_return_address(0)});
}

DEARTH_SHADOW void free(void* block) noexcept {
    process_free(block, {__builtin_return_address(0)});
}

// Only programs linked against a glibc before 2.26 ask for it; it is free under another name.
DEARTH_SHADOW void cfree(void* block) noexcept {
    process_free(block, {__builtin_return_address(0)});
}

DEARTH_SHADOW void* memalign(size_t alignment, size_t size_bytes) noexcept {
    return make_aligned(alignment, size_bytes, __builtin_return_address(0));
}

// In glibc 2.36 the same function: the size need not be a multiple.
DEARTH_SHADOW void* aligned_alloc(size_t alignment, size_t size_bytes) noexcept {
    return make_aligned(alignment, size_bytes, __builtin_return_address(0));
}

DEARTH_SHADOW int posix_memalign(void** block, size_t alignment, size_t size_bytes) noexcept {
    if (!is_power_of_two(alignment) || alignment % sizeof(void*) != 0) {
        return EINVAL;
    }
    const ErrnoSaver saver;  // it tells by its value, and leaves errno alone
    void* made = make_aligned(alignment, size_bytes, __builtin_return_address(0));
    if (made == nullptr) {
        return ENOMEM;
    }
    *block = made;
    return 0;
}

DEARTH_SHADOW void* valloc(size_t size_bytes) noexcept {
    return make_aligned(kPageBytes, size_bytes, __builtin_return_address(0));
}

DEARTH_SHADOW void* pvalloc(size_t size_bytes) noexcept {
    if (size_bytes > kRequestMax - kPageBytes) {
        return refuse(ENOMEM);
    }
    return make_aligned(kPageBytes, align_up(size_bytes, kPageBytes), __builtin_return_address(0));
}

DEARTH_SHADOW size_t malloc_usable_size(void* block) noexcept {
    return process_usable_size(block);
}
