// What the debug information calls a function, and where its inlined calls stand. For scopes that
// are functions: DW_TAG_subprogram, DW_TAG_inlined_subroutine.
#pragma once

#include <elfutils/libdw.h>

#include <string>

#include "harness/model/finding.h"

namespace dearth::harness {

// Qualified as far as the namespaces are described; without parameters. Empty: no name.
std::string scope_name(Dwarf_Die* scope);

// A path of the debug information, without "./" and "a/../" in it.
std::string source_path(const char* path);

// File and line of the call that was inlined as `scope`, in the unit that holds it.
void set_call_place(Dwarf_Die* scope, Dwarf_Die* unit, SymbolFrame& caller);

}  // namespace dearth::harness
