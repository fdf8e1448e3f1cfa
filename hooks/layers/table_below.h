// What lies beneath a layer, as its request functions see it: here, a table of functions. Layers
// composed at compile time (fused_layers.cpp) hand over another type with the same functions, so
// that a layer's logic stands once, whatever it lies upon. Owns nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

/// Lets the layers beneath know a block's size for the time of one call: a header they keep in the
/// block may be damaged.
class PassingScope {
public:
    PassingScope(uint64_t size_bytes, uint32_t op) noexcept {
        request_context.known_bytes = size_bytes;
        request_context.is_known_aligned = op == DEARTH_OP_ALIGNED;
        request_context.has_known_bytes = true;
    }
    ~PassingScope() { request_context.has_known_bytes = false; }
    PassingScope(const PassingScope&) = delete;
    PassingScope& operator=(const PassingScope&) = delete;
};

struct TableBelow {
    const dearth_allocator& table;

    void* make(size_t size_bytes) const noexcept { return table.malloc(table.ctx, size_bytes); }

    void* make_zeroed(size_t count, size_t element_bytes) const noexcept {
        return table.calloc(table.ctx, count, element_bytes);
    }

    void* resize(void* block, size_t size_bytes) const noexcept {
        return table.realloc(table.ctx, block, size_bytes);
    }

    void* make_aligned(size_t alignment, size_t size_bytes) const noexcept {
        return table.aligned_alloc(table.ctx, alignment, size_bytes);
    }

    void release(void* block) const noexcept { table.free(table.ctx, block); }

    /// realloc of a block whose size and making op (enum dearth_op) are known here.
    void* resize_known(void* block, size_t size_bytes, uint64_t old_bytes,
                       uint32_t op) const noexcept {
        const PassingScope passing(old_bytes, op);
        return resize(block, size_bytes);
    }

    void release_known(void* block, uint64_t size_bytes, uint32_t op) const noexcept {
        const PassingScope passing(size_bytes, op);
        release(block);
    }
};

}  // namespace dearth::hooks
