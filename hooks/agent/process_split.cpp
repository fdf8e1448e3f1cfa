#include "hooks/agent/process_split.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dearth::hooks {

namespace {

// Above what targets use: a trial must get the same numbers from open as a run without trials.
constexpr int kLowestPidDescriptor = 256;

int move_out_of_the_way(int pid_fd) {
    const int moved = fcntl(pid_fd, F_DUPFD_CLOEXEC, kLowestPidDescriptor);
    if (moved < 0)
        return pid_fd;
    close(pid_fd);
    return moved;
}

}  // namespace

SplitResult split_process() {
    SplitResult result;
    int pid_fd = -1;
    clone_args arguments = {};
    arguments.flags = CLONE_PIDFD;
    arguments.pidfd = reinterpret_cast<uintptr_t>(&pid_fd);
    arguments.exit_signal = 0;
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0 && (errno == ENOSYS || errno == EPERM)) {
        // Container filters that predate clone3 answer so; the older call takes the same flags.
        pid = syscall(SYS_clone, CLONE_PIDFD, nullptr, &pid_fd, nullptr, nullptr);
    }
    if (pid < 0) {
        result.error = errno;
        return result;
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        result.is_child = true;
        return result;
    }
    result.pid = static_cast<pid_t>(pid);
    result.pid_fd = move_out_of_the_way(pid_fd);
    return result;
}

SplitEnd reap_split(int pid_fd) {
    SplitEnd end;
    siginfo_t info = {};
    // __WALL: without an exit signal the child counts as a clone child, which wait skips.
    while (waitid(P_PIDFD, static_cast<id_t>(pid_fd), &info, WEXITED | __WALL) < 0) {
        if (errno != EINTR)
            break;
    }
    close(pid_fd);
    end.was_signaled = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    end.code = info.si_status;
    return end;
}

void kill_split(int pid_fd) {
    syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, nullptr, 0);
}

}  // namespace dearth::hooks
