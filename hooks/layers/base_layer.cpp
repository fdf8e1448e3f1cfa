// Forwards to libc; see the header.
#include "hooks/layers/base_layer.h"

#include <errno.h>
#include <stdlib.h>

#include "hooks/base/checked_size.h"

namespace dearth::hooks {

namespace {

size_t at_least_one(size_t size_bytes) noexcept {
    return size_bytes == 0 ? 1 : size_bytes;
}

void* fail() noexcept {
    errno = ENOMEM;
    return nullptr;
}

// Sizes that can never be served are refused here: a libc under sanitizers ends the program.
void* libc_malloc(void*, size_t size_bytes) {
    return size_bytes > kRequestMax ? fail() : malloc(at_least_one(size_bytes));
}

void* libc_calloc(void*, size_t count, size_t element_bytes) {
    size_t size_bytes = 0;
    if (!multiply_sizes(count, element_bytes, size_bytes)) {
        return fail();
    }
    return calloc(1, at_least_one(size_bytes));
}

void* libc_realloc(void*, void* block, size_t size_bytes) {
    return size_bytes > kRequestMax ? fail() : realloc(block, at_least_one(size_bytes));
}

void libc_free(void*, void* block) {
    free(block);
}

void* libc_aligned_alloc(void*, size_t alignment, size_t size_bytes) {
    void* block = nullptr;
    const size_t least = alignment < sizeof(void*) ? sizeof(void*) : alignment;
    const int code =
        size_bytes > kRequestMax ? ENOMEM : posix_memalign(&block, least, at_least_one(size_bytes));
    return code == 0 ? block : fail();
}

constinit const dearth_allocator kLibcTable = {
    nullptr, libc_malloc, libc_calloc, libc_realloc, libc_free, libc_aligned_alloc, nullptr};

}  // namespace

const dearth_allocator& libc_allocator() noexcept {
    return kLibcTable;
}

}  // namespace dearth::hooks
