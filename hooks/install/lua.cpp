// Maps lua_Alloc, which is malloc, realloc and free in one function, onto the allocator table.
// Decides nothing: whether a request fails is the fault layer's business.
#include "hooks/install/lua.h"

#include "dearth/install.h"
#include "hooks/layers/base_layer.h"

int dearth_lua_install(struct dearth_allocator* wrapped) {
    return dearth_wrap(DEARTH_DOMAIN_MEM, &dearth::hooks::libc_allocator(), wrapped);
}

void* dearth_lua_alloc(void* ud, void* block, size_t old_bytes, size_t new_bytes) {
    const auto* allocator = static_cast<const struct dearth_allocator*>(ud);
    if (block == nullptr) {
        // Lua frees empty arrays as (NULL, 0, 0); a zero-byte request must not become a block.
        return new_bytes == 0 ? nullptr : allocator->malloc(allocator->ctx, new_bytes);
    }
    dearth_expect_size(DEARTH_DOMAIN_MEM, block, old_bytes);
    if (new_bytes == 0) {
        allocator->free(allocator->ctx, block);
        return nullptr;
    }
    return allocator->realloc(allocator->ctx, block, new_bytes);
}
