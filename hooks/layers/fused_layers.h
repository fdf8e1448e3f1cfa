// Fault, ledger and guard layer in one table, for the stack most programs run under: guards of a
// lean layout right above the bottom. One call through a pointer where the layers' own tables take
// three. Adds no logic: each layer's request functions, composed at compile time; whatever is
// unusual about a request goes through the layers' own tables.
#pragma once

#include "hooks/layers/fault_layer.h"
#include "hooks/layers/guard_layer.h"
#include "hooks/layers/ledger_layer.h"

namespace dearth::hooks {

/// State of one domain: the three layers, opened one upon the other. Zero is valid: not in use.
struct FusedLayers {
    FaultLayer* fault;
    LedgerLayer* ledger;
    GuardLayer* guard;
};

/// Replaces the fault layer's table, `top`, by one that does the same. `layers` has its pointers
/// set; all must outlive every request. False, and nothing is done, when the guards are laid out in
/// a way that cannot be fused.
bool fuse_layers(FusedLayers& layers, dearth_allocator& top) noexcept;

}  // namespace dearth::hooks
