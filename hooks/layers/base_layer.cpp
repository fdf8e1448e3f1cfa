// Forwards to libc; see the header.
#include "hooks/layers/base_layer.h"

#include <errno.h>
#include <stdlib.h>

#include "hooks/base/checked_size.h"

namespace dearth::hooks {

namespace {

size_t at_least_one(size_t size_bytes) noexcept { return size_bytes == 0 ? 1 : size_bytes; }

void* libc_malloc(void*, size_t size_bytes) { return malloc(at_least_one(size_bytes)); }

void* libc_calloc(void*, size_t count, size_t element_bytes) {
    if (count == 0 || element_bytes == 0) {
        return calloc(1, 1);
    }
    return calloc(count, element_bytes);
}

void* libc_realloc(void*, void* block, size_t size_bytes) {
    return realloc(block, at_least_one(size_bytes));
}

void libc_free(void*, void* block) { free(block); }

void* libc_aligned_alloc(void*, size_t alignment, size_t size_bytes) {
    void* block = nullptr;
    const size_t least = alignment < sizeof(void*) ? sizeof(void*) : alignment;
    const int code = size_bytes > kRequestMax
                         ? ENOMEM
                         : posix_memalign(&block, least, at_least_one(size_bytes));
    if (code != 0) {
        errno = ENOMEM;
        return nullptr;
    }
    return block;
}

constinit const dearth_allocator libc_table = {
    nullptr, libc_malloc, libc_calloc, libc_realloc, libc_free, libc_aligned_alloc, nullptr};

}  // namespace

const dearth_allocator& libc_allocator() noexcept { return libc_table; }

}  // namespace dearth::hooks
