// Guard bytes before and behind each block, fills for new and freed ones, and the domain's letter
// in between. Way in: asks for F + N + R + 8 bytes (see block_layout.h). Way out: writes them;
// checks them at free, at realloc and on demand. What is found is reported once: damaged guards are
// mended. A free in the wrong domain, or of what is no guarded block, is not passed down. Threads:
// no state but a serial.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"
#include "hooks/layers/block_layout.h"

namespace dearth::hooks {

/// State of one domain. Zero is valid: not in use.
struct GuardLayer {
    dearth_allocator beneath;
    uint32_t domain;
    BlockLayout layout;
    bool uses_context;          ///< layers above number requests and know sizes
    bool is_dead_fill_beneath;  ///< the layer beneath fills freed blocks itself
    bool aborts_on_misuse;
    bool writes_serials;  ///< blocks end with their serial
    uint64_t serial;      ///< own numbers, when nobody above has any
};

/// Whether the guard and fill fields are within the ranges control_page.h gives.
bool guard_options_are_valid(const dearth_layer_options& options) noexcept;

/// `layer` must outlive every request; its flags are set by the caller beforehand.
void guard_layer_open(GuardLayer& layer, uint32_t domain, const dearth_layer_options& options,
                      const dearth_allocator& beneath, dearth_allocator& top) noexcept;

/// Checks one live block of the layer; size and kind are what a ledger says. True: undamaged.
bool guard_check(GuardLayer& layer, void* block, size_t size_bytes, bool is_aligned) noexcept;

}  // namespace dearth::hooks
