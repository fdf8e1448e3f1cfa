// A page guard layer over libc, with a slot for what it reports. The pool beneath is one for the
// process: what chooses its way or its limits belongs into a forked child.
#pragma once

#include <gtest/gtest.h>

#include "dearth/guard.h"
#include "hooks/layers/page_guard_layer.h"
#include "hooks/record/page_writer.h"
#include "tests/hooks/layers/fake_allocator.h"

namespace dearth::tests {

inline dearth_layer_options page_guard_options() {
    dearth_layer_options options;
    dearth_guard_default_options(&options);
    options.layers = DEARTH_LAYER_PAGE_GUARD;
    options.aborts_on_misuse = 0;
    return options;
}

inline dearth_layer_options options_of(uint32_t side, uint32_t alignment,
                                       uint32_t way = DEARTH_PAGES_AUTO) {
    dearth_layer_options options = page_guard_options();
    options.page_guard_side = side;
    options.page_guard_alignment = alignment;
    options.page_guard_way = way;
    return options;
}

class PageGuardHeap {
public:
    explicit PageGuardHeap(const dearth_layer_options& options = page_guard_options(),
                           uint32_t domain = DEARTH_DOMAIN_RAW) {
        layer_ = {};
        hooks::page_guard_layer_open(layer_, domain, options, fake.table(), top);
        hooks::attach_slot(&slot);
    }
    ~PageGuardHeap() { hooks::attach_slot(nullptr); }
    PageGuardHeap(const PageGuardHeap&) = delete;
    PageGuardHeap& operator=(const PageGuardHeap&) = delete;

    unsigned char* make(size_t size_bytes) {
        return static_cast<unsigned char*>(top.malloc(top.ctx, size_bytes));
    }
    unsigned char* make_aligned(size_t alignment, size_t size_bytes) {
        return static_cast<unsigned char*>(top.aligned_alloc(top.ctx, alignment, size_bytes));
    }
    unsigned char* resize(void* block, size_t size_bytes) {
        return static_cast<unsigned char*>(top.realloc(top.ctx, block, size_bytes));
    }
    void release(void* block) { top.free(top.ctx, block); }
    hooks::PageGuardLayer& layer() { return layer_; }

    FakeAllocator fake;
    dearth_allocator top = {};
    dearth_trial_slot slot = {};

private:
    hooks::PageGuardLayer layer_ = {};
};

}  // namespace dearth::tests
