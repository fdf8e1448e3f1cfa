// Bottom of a stack: libc's functions as an allocator. Way in: a request for zero bytes becomes
// one for one byte, because libc's realloc(block, 0) frees. Adds nothing to a block. Any thread.
#pragma once

#include "dearth/allocator.h"

namespace dearth::hooks {

const dearth_allocator& libc_allocator() noexcept;

}  // namespace dearth::hooks
