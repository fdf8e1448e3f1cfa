// Counts requests and passes them on; see the header.
#include "tests/hooks/domains/fake_debug_layers.h"

#include <cerrno>

#include "hooks/base/debug_layers.h"

namespace dearth::hooks {

namespace {

FakeDebugLayer fake_layers[DEARTH_DOMAIN_COUNT];
bool is_refusing_layers = false;

FakeDebugLayer& count(void* ctx) {
    auto* layer = static_cast<FakeDebugLayer*>(ctx);
    ++layer->requests;
    return *layer;
}

void* counted_malloc(void* ctx, size_t size_bytes) {
    FakeDebugLayer& layer = count(ctx);
    return layer.beneath.malloc(layer.beneath.ctx, size_bytes);
}
void* counted_calloc(void* ctx, size_t number, size_t element_bytes) {
    FakeDebugLayer& layer = count(ctx);
    return layer.beneath.calloc(layer.beneath.ctx, number, element_bytes);
}
void* counted_realloc(void* ctx, void* block, size_t size_bytes) {
    FakeDebugLayer& layer = count(ctx);
    return layer.beneath.realloc(layer.beneath.ctx, block, size_bytes);
}
void counted_free(void* ctx, void* block) {
    FakeDebugLayer& layer = count(ctx);
    layer.beneath.free(layer.beneath.ctx, block);
}

}  // namespace

FakeDebugLayer& fake_debug_layer(dearth_domain domain) {
    return fake_layers[domain];
}

void refuse_debug_layers(bool is_refusing) {
    is_refusing_layers = is_refusing;
}

}  // namespace dearth::hooks

using namespace dearth::hooks;

int dearth_install_debug_layers(enum dearth_domain domain, const struct dearth_allocator* beneath,
                                struct dearth_allocator* top) {
    if (is_refusing_layers) {
        errno = EBUSY;
        return -1;
    }
    FakeDebugLayer& layer = fake_layers[domain];
    ++layer.installs;
    layer.beneath = *beneath;
    *top = {&layer,       counted_malloc, counted_calloc, counted_realloc,
            counted_free, nullptr,        nullptr};
    return 0;
}
