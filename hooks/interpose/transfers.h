// Calls that have the kernel, or libc, touch the caller's memory.
#pragma once

namespace dearth::hooks {

/// Looks the shadowed functions up, so that the first call in a signal handler need not.
void prepare_transfers();

}  // namespace dearth::hooks
