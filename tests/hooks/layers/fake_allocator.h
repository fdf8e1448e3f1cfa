// An allocator that counts its calls and fails on demand, to stand beneath a layer.
#pragma once

#include <cerrno>
#include <cstdlib>

#include "dearth/allocator.h"

namespace dearth::tests {

struct FakeAllocator {
    int requests = 0;
    int frees = 0;
    bool is_failing = false;

    bool admit() {
        ++requests;
        if (is_failing) {
            errno = ENOMEM;
        }
        return !is_failing;
    }

    dearth_allocator table() {
        return dearth_allocator{this,    do_malloc,  do_calloc, do_realloc,
                                do_free, do_aligned, nullptr};
    }

private:
    static FakeAllocator& self(void* ctx) { return *static_cast<FakeAllocator*>(ctx); }
    static void* do_malloc(void* ctx, size_t size_bytes) {
        return self(ctx).admit() ? std::malloc(size_bytes == 0 ? 1 : size_bytes) : nullptr;
    }
    static void* do_calloc(void* ctx, size_t count, size_t element_bytes) {
        return self(ctx).admit() ? std::calloc(count == 0 ? 1 : count, element_bytes) : nullptr;
    }
    static void* do_realloc(void* ctx, void* block, size_t size_bytes) {
        return self(ctx).admit() ? std::realloc(block, size_bytes == 0 ? 1 : size_bytes) : nullptr;
    }
    static void do_free(void* ctx, void* block) {
        ++self(ctx).frees;
        std::free(block);
    }
    static void* do_aligned(void* ctx, size_t alignment, size_t size_bytes) {
        void* block = nullptr;
        return self(ctx).admit() && posix_memalign(&block, alignment, size_bytes) == 0 ? block
                                                                                       : nullptr;
    }
};

}  // namespace dearth::tests
