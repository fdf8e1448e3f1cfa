// Gives a split-off child descriptors of its own: output of its slot, and its own offsets in
// files that the parent goes on reading or writing.
#pragma once

namespace dearth::hooks {

// Remembers which descriptors there are. Call before the target opens anything.
void note_known_descriptors();

// Whether the target has opened a pipe, a socket or the like since: a child would share it, and
// take what the parent is to read. One system call while nothing is opened or closed.
bool has_shared_descriptors();

// Remembers where each file stands. Call in the parent right before a split.
void note_offsets();

// Standard output and error become `out_fd` and `err_fd`; each other regular file, standard
// input among them, is opened anew at the offset noted. What cannot be reopened (pipes, sockets,
// deleted files) stays shared. Looks at /proc only when note_offsets found another set of
// descriptors than note_known_descriptors (numbers above 255 do not count). Never allocates.
void give_child_descriptors(int out_fd, int err_fd);

}  // namespace dearth::hooks
