// Which loaded file an address belongs to, and where in it: the form of an address that means the
// same in every process of the same binaries. Reads the loader's list, never /proc; reads it again
// only when an address is unknown and something was loaded since.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/control_page.h"

namespace dearth::hooks {

/// Reads the modules loaded now. Called by everything below on first use; calling it early keeps
/// the cost out of the first request.
void module_table_prepare() noexcept;

/// Publishes this process's modules, those known and those still to come, in a control page's
/// module region. Children forked from one parent share the region: equal (base, path) is the
/// same entry. `region->count` and `region->lost` are updated atomically. Both nullptr: detach.
void attach_module_region(dearth_module* modules, dearth_region* region) noexcept;

/// (module << DEARTH_MODULE_SHIFT) | offset; module DEARTH_MODULE_UNKNOWN when no module, or no
/// published one, holds the address. `address` may be a return address: one past the call.
uint64_t encode_frame(const void* address) noexcept;

/// The address in this process that encode_frame turned into `frame`.
void* decode_frame(uint64_t frame) noexcept;

/// Where an address stands, for signatures: the hash of the module's file name (0: unknown) and
/// the offset in it.
struct ModulePlace {
    uint64_t name_hash;
    uint64_t offset;
    bool is_engine;  ///< one of dearth's own engines, by its file name
};
ModulePlace module_place_at(const void* address) noexcept;

/// File name (without folder) and path of the module that holds the address; nullptr: unknown.
/// The text lives as long as the process.
const char* module_name_at(const void* address) noexcept;
const char* module_path_at(const void* address) noexcept;

}  // namespace dearth::hooks
