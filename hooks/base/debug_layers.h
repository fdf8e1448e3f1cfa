// Where hooks/domains asks hooks/layers for its debug layers: the two are siblings and may not
// include each other. Declared here, defined by layer_stack, resolved by the linker.
#pragma once

#include "dearth/allocator.h"

/// Builds guard bytes, fills and domain checks around `beneath`, which is copied, and stores their
/// top in `top`. Called at most once a domain, before or between requests, never beside them.
/// Must not request memory from any domain. Returns 0, or -1 with errno set; `top` is then
/// unchanged.
///
/// The reference is a strong one on purpose: a weak one would not pull the layers out of the
/// archive, and the debug hooks of a program that only uses the domains would silently be none.
extern "C" int dearth_install_debug_layers(enum dearth_domain domain,
                                           const struct dearth_allocator* beneath,
                                           struct dearth_allocator* top);
