// Gives a split-off child descriptors of its own: output of its slot, and its own offsets in
// files that the parent goes on reading or writing.
#pragma once

namespace dearth::hooks {

// Standard output and error become `out_fd` and `err_fd`; each other regular file is opened anew
// at the same offset. What cannot be reopened (pipes, sockets, deleted files) stays shared.
// Never allocates.
void give_child_descriptors(int out_fd, int err_fd);

}  // namespace dearth::hooks
