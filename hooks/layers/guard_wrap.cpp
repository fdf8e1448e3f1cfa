// dearth/guard.h: the guard layer alone, for programs that want CPython's debug hooks and no more.
#include "dearth/guard.h"

#include <errno.h>

#include "hooks/layers/guard_layer.h"
#include "hooks/record/call_stack.h"

namespace dearth::hooks {

namespace {

constexpr size_t kWrapsMax = 8;
constinit GuardLayer wraps[kWrapsMax] = {};
constinit size_t wrap_count = 0;

int refuse(int code) noexcept {
    errno = code;
    return -1;
}

}  // namespace

}  // namespace dearth::hooks

using namespace dearth::hooks;

void dearth_guard_default_options(struct dearth_layer_options* options) {
    *options = {};
    options->layers = DEARTH_LAYER_GUARD;
    options->guard_before_bytes = kFrontMin;
    options->guard_after_bytes = kRearMin;
    options->clean_byte = DEARTH_CLEAN_BYTE;
    options->dead_byte = DEARTH_DEAD_BYTE;
    options->forbidden_byte = DEARTH_FORBIDDEN_BYTE;
    options->aborts_on_misuse = 1;
}

int dearth_guard_wrap(enum dearth_domain domain, const struct dearth_allocator* beneath,
                      const struct dearth_layer_options* options,
                      struct dearth_allocator* wrapped) {
    dearth_layer_options chosen;
    dearth_guard_default_options(&chosen);
    if (options != nullptr) {
        chosen = *options;
    }
    if (static_cast<uint32_t>(domain) >= DEARTH_DOMAIN_COUNT || beneath == nullptr ||
        wrapped == nullptr || beneath->malloc == nullptr || beneath->calloc == nullptr ||
        beneath->realloc == nullptr || beneath->free == nullptr ||
        !guard_options_are_valid(chosen)) {
        return refuse(EINVAL);
    }
    if (wrap_count == kWrapsMax) {
        return refuse(ENOMEM);
    }
    // A report without a stack helps nobody, and loading the unwinder inside a request is too late.
    call_stack_prepare();
    GuardLayer& layer = wraps[wrap_count++];
    layer.writes_serials = true;
    layer.aborts_on_misuse = chosen.aborts_on_misuse != 0;
    const dearth_allocator copied = *beneath;  // `wrapped` may be the same table
    guard_layer_open(layer, domain, chosen, copied, *wrapped);
    return 0;
}
