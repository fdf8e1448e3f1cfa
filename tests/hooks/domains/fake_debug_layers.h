// Stands in for hooks/layers in tests of hooks/domains: a debug layer that only counts.
#pragma once

#include <cstddef>

#include "dearth/allocator.h"

namespace dearth::hooks {

struct FakeDebugLayer {
    int installs = 0;
    int requests = 0;
    dearth_allocator beneath = {};
};

// Of one domain, since the process started.
FakeDebugLayer& fake_debug_layer(dearth_domain domain);

// The next installations fail with EBUSY.
void refuse_debug_layers(bool is_refusing);

}  // namespace dearth::hooks
