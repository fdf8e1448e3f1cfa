#include "harness/process/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

// Address layout is a process attribute that children inherit: set around the spawn only, so that
// our own layout and that of other children stay as they are.
class LayoutPin {
public:
    explicit LayoutPin(bool pins) {
        if (!pins)
            return;
        const int now = personality(0xFFFFFFFFul);
        if (now != -1 && personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) != -1)
            before_ = now;
    }
    ~LayoutPin() {
        if (before_ != -1)
            personality(static_cast<unsigned long>(before_));
    }
    LayoutPin(const LayoutPin&) = delete;
    LayoutPin& operator=(const LayoutPin&) = delete;

private:
    int before_ = -1;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Result<ChildProcess> ChildProcess::spawn(const SpawnRequest& request) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int highest = 2;
    // dup2 onto itself clears close-on-exec; every other descriptor of ours is close-on-exec or
    // closed below.
    for (const auto& [ours, theirs] : request.descriptors) {
        posix_spawn_file_actions_adddup2(&actions, ours, theirs);
        highest = std::max(highest, theirs);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, highest + 1);
    if (!request.folder.empty())
        posix_spawn_file_actions_addchdir_np(&actions, request.folder.c_str());
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (!request.is_foreground) {
        posix_spawnattr_setpgroup(&attributes, 0);
        flags |= POSIX_SPAWN_SETPGROUP;
    }
    posix_spawnattr_setflags(&attributes, flags);

    std::vector<std::string> arguments = {request.own_name.empty() ? request.program
                                                                   : request.own_name};
    arguments.insert(arguments.end(), request.arguments.begin(), request.arguments.end());
    std::vector<std::string> environment;
    for (const auto& [name, value] : request.environment)
        environment.push_back(fmt::format("{}={}", name, value));

    ChildProcess child;
    int problem = 0;
    {
        const LayoutPin pin(request.pins_layout);
        problem = posix_spawn(&child.pid_, request.program.c_str(), &actions, &attributes,
                              pointers_to(arguments).data(), pointers_to(environment).data());
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (problem != 0) {
        child.pid_ = -1;
        return Error{ErrorClass::kBaseline,
                     fmt::format("start {}: {}", request.program, std::strerror(problem)),
                     "run `dearth doctor` to see which engines are built and where"};
    }
    child.has_group_ = !request.is_foreground;
    child.exit_fd_.reset(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
    if (!child.exit_fd_.is_open())
        return Error{
            ErrorClass::kInternal,
            fmt::format("watch process {}: pidfd_open: {}", child.pid_, std::strerror(errno)),
            "dearth needs Linux 5.4 or newer"};
    return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      has_group_(other.has_group_),
      exit_fd_(std::move(other.exit_fd_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this != &other) {
        this->~ChildProcess();
        new (this) ChildProcess(std::move(other));
    }
    return *this;
}

ChildProcess::~ChildProcess() {
    if (pid_ > 0) {
        kill_group();
        wait();
    }
}

void ChildProcess::kill_group() {
    if (pid_ > 0)
        kill(has_group_ ? -pid_ : pid_, SIGKILL);
}

ExitReport ChildProcess::wait() {
    ExitReport report;
    int status = 0;
    rusage usage = {};
    while (wait4(pid_, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            pid_ = -1;
            return report;
        }
    }
    // What the target left behind in its group (children split off at failure points) goes too.
    if (has_group_)
        kill(-pid_, SIGKILL);
    pid_ = -1;
    report.was_signaled = WIFSIGNALED(status);
    report.code = report.was_signaled ? WTERMSIG(status) : WEXITSTATUS(status);
    report.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    return report;
}

}  // namespace dearth::harness
