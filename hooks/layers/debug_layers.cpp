// What hooks/domains puts around its allocators when a program asks for debug hooks: the guard
// layer alone, as CPython's debug hooks are.
#include "hooks/base/debug_layers.h"

#include "dearth/guard.h"

extern "C" int dearth_install_debug_layers(enum dearth_domain domain,
                                           const struct dearth_allocator* beneath,
                                           struct dearth_allocator* top) {
    return dearth_guard_wrap(domain, beneath, nullptr, top);
}
