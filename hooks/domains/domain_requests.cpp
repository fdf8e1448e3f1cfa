// Requests to the domains: the rules that hold whatever allocator is installed, then one call
// through the domain's table. No state.
#include <errno.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/next_place.h"
#include "hooks/domains/domain_tables.h"

namespace dearth::hooks {

namespace {

void* refuse(int error) noexcept {
    errno = error;
    return nullptr;
}

void* request_malloc(dearth_domain domain, size_t size_bytes) noexcept {
    const dearth_allocator& allocator = domain_allocator(domain);
    return size_bytes > kRequestMax ? refuse(ENOMEM) : allocator.malloc(allocator.ctx, size_bytes);
}

void* request_calloc(dearth_domain domain, size_t count, size_t element_bytes) noexcept {
    const dearth_allocator& allocator = domain_allocator(domain);
    size_t size_bytes = 0;
    return multiply_sizes(count, element_bytes, size_bytes)
               ? allocator.calloc(allocator.ctx, count, element_bytes)
               : refuse(ENOMEM);
}

void* request_realloc(dearth_domain domain, void* block, size_t size_bytes) noexcept {
    const dearth_allocator& allocator = domain_allocator(domain);
    return size_bytes > kRequestMax ? refuse(ENOMEM)
                                    : allocator.realloc(allocator.ctx, block, size_bytes);
}

void request_free(dearth_domain domain, void* block) noexcept {
    if (block != nullptr) {
        const dearth_allocator& allocator = domain_allocator(domain);
        allocator.free(allocator.ctx, block);
    }
}

// Announces a place for one request, and for no later one if no layer wanted it.
class PlaceScope {
public:
    PlaceScope(const char* file, int line) noexcept { set_next_place(file, line); }
    ~PlaceScope() { clear_next_place(); }
    PlaceScope(const PlaceScope&) = delete;
    PlaceScope& operator=(const PlaceScope&) = delete;
};

bool is_known(dearth_domain domain) noexcept {
    return static_cast<unsigned>(domain) < DEARTH_DOMAIN_COUNT;
}

}  // namespace

}  // namespace dearth::hooks

using namespace dearth::hooks;

void* dearth_raw_malloc(size_t size_bytes) {
    return request_malloc(DEARTH_DOMAIN_RAW, size_bytes);
}
void* dearth_raw_calloc(size_t count, size_t element_bytes) {
    return request_calloc(DEARTH_DOMAIN_RAW, count, element_bytes);
}
void* dearth_raw_realloc(void* block, size_t size_bytes) {
    return request_realloc(DEARTH_DOMAIN_RAW, block, size_bytes);
}
void dearth_raw_free(void* block) {
    request_free(DEARTH_DOMAIN_RAW, block);
}

void* dearth_mem_malloc(size_t size_bytes) {
    return request_malloc(DEARTH_DOMAIN_MEM, size_bytes);
}
void* dearth_mem_calloc(size_t count, size_t element_bytes) {
    return request_calloc(DEARTH_DOMAIN_MEM, count, element_bytes);
}
void* dearth_mem_realloc(void* block, size_t size_bytes) {
    return request_realloc(DEARTH_DOMAIN_MEM, block, size_bytes);
}
void dearth_mem_free(void* block) {
    request_free(DEARTH_DOMAIN_MEM, block);
}

void* dearth_object_malloc(size_t size_bytes) {
    return request_malloc(DEARTH_DOMAIN_OBJECT, size_bytes);
}
void* dearth_object_calloc(size_t count, size_t element_bytes) {
    return request_calloc(DEARTH_DOMAIN_OBJECT, count, element_bytes);
}
void* dearth_object_realloc(void* block, size_t size_bytes) {
    return request_realloc(DEARTH_DOMAIN_OBJECT, block, size_bytes);
}
void dearth_object_free(void* block) {
    request_free(DEARTH_DOMAIN_OBJECT, block);
}

void* dearth_malloc_at(enum dearth_domain domain, size_t size_bytes, const char* file, int line) {
    const PlaceScope scope(file, line);
    return is_known(domain) ? request_malloc(domain, size_bytes) : refuse(EINVAL);
}

void* dearth_malloc_array_at(enum dearth_domain domain, size_t count, size_t element_bytes,
                             const char* file, int line) {
    size_t size_bytes = 0;
    return multiply_sizes(count, element_bytes, size_bytes)
               ? dearth_malloc_at(domain, size_bytes, file, line)
               : refuse(ENOMEM);
}

void* dearth_calloc_at(enum dearth_domain domain, size_t count, size_t element_bytes,
                       const char* file, int line) {
    const PlaceScope scope(file, line);
    return is_known(domain) ? request_calloc(domain, count, element_bytes) : refuse(EINVAL);
}

void* dearth_realloc_at(enum dearth_domain domain, void* block, size_t size_bytes, const char* file,
                        int line) {
    const PlaceScope scope(file, line);
    return is_known(domain) ? request_realloc(domain, block, size_bytes) : refuse(EINVAL);
}
