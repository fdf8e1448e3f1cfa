// Splits the process in two inside an allocation, and waits for what was split off.
//
// A raw clone3, not libc's fork: fork writes the child's new thread id into its thread descriptor,
// and a lock of glibc's whose owner is recorded by thread id (setlocale's rwlock) then never
// opens again in the child. After a raw clone3 the descriptor still holds the parent's id, so the
// unlock works; `abort` and `raise` ask the kernel for the id and still reach the child. No atfork
// handler runs, and no SIGCHLD is sent: the target never learns of our children.
#pragma once

#include <stdint.h>
#include <sys/types.h>

namespace dearth::hooks {

struct SplitResult {
    bool is_child = false;
    int error = 0;    // errno when nothing was split off; else 0
    pid_t pid = -1;   // parent: the child
    int pid_fd = -1;  // parent: readable once the child has ended
};

// Returns twice. Never allocates.
SplitResult split_process();

struct SplitEnd {
    bool was_signaled = false;
    int code = 0;
};

// Reaps an ended child and closes its descriptor.
SplitEnd reap_split(int pid_fd);

void kill_split(int pid_fd);

}  // namespace dearth::hooks
