// libc's functions as an allocator with PEP 445's rules: zero bytes, PTRDIFF_MAX, errno. What
// raw and mem domains are made of by default. Any thread.
#pragma once

#include "dearth/allocator.h"

namespace dearth::hooks {

extern const dearth_allocator kLibcAllocator;

}  // namespace dearth::hooks
