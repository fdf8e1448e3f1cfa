// Forwards to libc and straightens out what libc leaves open; see the header.
#include "hooks/domains/libc_allocator.h"

#include <errno.h>
#include <stdlib.h>

#include "hooks/base/checked_size.h"

namespace dearth::hooks {

namespace {

// libc may return NULL for zero bytes, and its realloc may free; one byte is what both mean here.
constexpr size_t at_least_one(size_t size_bytes) noexcept {
    return size_bytes == 0 ? 1 : size_bytes;
}

void* refuse(int error) noexcept {
    errno = error;
    return nullptr;
}

// libc may touch errno on its way to a success, for instance when one of two sources is exhausted.
void* settle(void* block, int errno_before) noexcept {
    errno = block == nullptr ? ENOMEM : errno_before;
    return block;
}

void* libc_malloc(void*, size_t size_bytes) noexcept {
    if (size_bytes > kRequestMax) {
        return refuse(ENOMEM);
    }
    const int errno_before = errno;
    return settle(malloc(at_least_one(size_bytes)), errno_before);
}

void* libc_calloc(void*, size_t count, size_t element_bytes) noexcept {
    size_t size_bytes = 0;
    if (!multiply_sizes(count, element_bytes, size_bytes)) {
        return refuse(ENOMEM);
    }
    const int errno_before = errno;
    return settle(calloc(at_least_one(size_bytes), 1), errno_before);
}

void* libc_realloc(void*, void* block, size_t size_bytes) noexcept {
    if (size_bytes > kRequestMax) {
        return refuse(ENOMEM);
    }
    const int errno_before = errno;
    return settle(realloc(block, at_least_one(size_bytes)), errno_before);
}

void libc_free(void*, void* block) noexcept {
    const int errno_before = errno;
    free(block);
    errno = errno_before;
}

void* libc_aligned_alloc(void*, size_t alignment, size_t size_bytes) noexcept {
    if (!is_power_of_two(alignment)) {
        return refuse(EINVAL);
    }
    if (size_bytes > kRequestMax || alignment > kRequestMax) {
        return refuse(ENOMEM);
    }
    // Not aligned_alloc: it may refuse a size that is no multiple of the alignment.
    const size_t least = alignment < sizeof(void*) ? sizeof(void*) : alignment;
    const int errno_before = errno;
    void* block = nullptr;
    if (posix_memalign(&block, least, at_least_one(size_bytes)) != 0) {
        block = nullptr;
    }
    return settle(block, errno_before);
}

}  // namespace

// No block_size: libc knows what it gave, not what was asked for.
constinit const dearth_allocator kLibcAllocator = {
    nullptr, libc_malloc, libc_calloc, libc_realloc, libc_free, libc_aligned_alloc, nullptr};

}  // namespace dearth::hooks
