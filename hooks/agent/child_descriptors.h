// Gives a split-off child descriptors of its own: output of its slot, and its own offsets in
// files that the parent goes on reading or writing.
#pragma once

namespace dearth::hooks {

// Remembers which descriptor the target will get next. Call before the target opens anything.
void note_first_free_descriptor();

// Standard output and error become `out_fd` and `err_fd`; each other regular file is opened anew
// at the same offset. What cannot be reopened (pipes, sockets, deleted files) stays shared.
// Looks at /proc only when the target has opened something since note_first_free_descriptor: a new
// descriptor takes the lowest free number, so an unchanged lowest free number means nothing new
// (but for one that was put at a number of the target's choice by dup2). Never allocates.
void give_child_descriptors(int out_fd, int err_fd);

}  // namespace dearth::hooks
