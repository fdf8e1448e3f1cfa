// Which frames of a stack belong to the code under test: dearth's own frames, process start and,
// for signatures, allocator wrappers and libc are left out.
#pragma once

#include <vector>

#include "harness/model/finding.h"

namespace dearth::harness {

// True for dearth's hooks and engine kit: by function name, or by module where names are missing.
bool is_own_frame(const SymbolFrame& frame);
// True for functions whose only work is to ask for memory or give it back, of libc, the C++
// runtime, Lua and CPython: "malloc", "luaM_realloc_", "PyMem_RawMalloc".
bool is_allocator_frame(const SymbolFrame& frame);
// True for libc and the dynamic linker.
bool is_libc_frame(const SymbolFrame& frame);

// What people read: without dearth's own frames, and without process start and main at the
// bottom. Returns the stack as it came when nothing would be left.
std::vector<SymbolFrame> people_frames(const std::vector<SymbolFrame>& frames);

}  // namespace dearth::harness
