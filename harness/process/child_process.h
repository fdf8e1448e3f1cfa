// A child process of our own: started without a shell, in a process group of its own, with only
// the descriptors it is told to have, waited for by a descriptor, killed as a group.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/unique_fd.h"

namespace dearth::harness {

struct SpawnRequest {
    std::string program;                 // path
    std::vector<std::string> arguments;  // without the program's own name
    std::string own_name;                // argv[0]; empty: the path
    std::string folder;                  // working directory; empty: ours
    // The whole environment: nothing is inherited, so that request counts do not depend on the
    // shell a user happens to have.
    std::map<std::string, std::string> environment;
    // (ours, the child's): every descriptor the child gets beside these is closed.
    std::vector<std::pair<int, int>> descriptors;
    bool pins_layout = true;     // address layout randomization off
    bool is_foreground = false;  // keeps our process group and terminal (a debugger)
};

// How a process ended, and what it used (children it waited for included).
struct ExitReport {
    bool was_signaled = false;
    int code = 0;  // exit status, or signal
    double cpu_s = 0;
};

class ChildProcess {
public:
    static Result<ChildProcess> spawn(const SpawnRequest& request);

    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    // Kills and reaps what still runs: no child outlives its owner.
    ~ChildProcess();

    pid_t pid() const { return pid_; }
    // Readable once the child has ended; poll it.
    int exit_fd() const { return exit_fd_.get(); }
    // Sends SIGKILL to the whole group.
    void kill_group();
    // Reaps. Call once, after exit_fd() became readable, or it waits.
    ExitReport wait();

private:
    ChildProcess() = default;
    pid_t pid_ = -1;
    bool has_group_ = false;
    UniqueFd exit_fd_;
};

}  // namespace dearth::harness
