#include "harness/sweep/exec_pool.h"

#include <poll.h>

#include <utility>

namespace dearth::harness {
namespace {

constexpr int kPollMs = 50;
// A target ends itself at its deadline; one that cannot is killed a little later.
constexpr uint64_t kGraceMs = 2000;

}  // namespace

Status ExecPool::start(const TrialPoint& point) {
    auto run = TargetRun::start_single(setup_, point);
    if (!run)
        return run.error();
    running_.push_back({point, run.take(), false});
    return Done{};
}

void ExecPool::kill_overdue() {
    for (Running& running : running_) {
        if (!running.was_killed && running.run.elapsed_ms() > setup_.deadline_ms + kGraceMs) {
            running.was_killed = true;
            running.run.process().kill_group();
        }
    }
}

Status ExecPool::collect(size_t index, const TrialDone& done) {
    Running finished = std::move(running_[index]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
    const ExitReport exit = finished.run.finish();
    cpu_s_ += exit.cpu_s;
    ModuleList::Translation translation(modules_);
    TrialRecord record = finished.run.read_slot(0, translation, exit);
    record.point = finished.point;
    record.strategy = Strategy::kExec;
    if (finished.was_killed)
        record.slot.end = DEARTH_END_DEADLINE;
    return done(std::move(record));
}

Status ExecPool::run(const NextPoint& next, const TrialDone& done, bool (*should_stop)()) {
    std::optional<TrialPoint> point = next();
    while (point || !running_.empty()) {
        if (should_stop()) {
            running_.clear();  // kills and reaps
            return Done{};
        }
        while (point && running_.size() < jobs_) {
            if (Status started = start(*point); !started)
                return started;
            point = next();
        }
        std::vector<pollfd> waits;
        for (Running& running : running_)
            waits.push_back({running.run.process().exit_fd(), POLLIN, 0});
        poll(waits.data(), waits.size(), kPollMs);
        for (size_t i = waits.size(); i-- > 0;) {
            if (waits[i].revents == 0)
                continue;
            if (Status collected = collect(i, done); !collected)
                return collected;
        }
        kill_overdue();
    }
    return Done{};
}

}  // namespace dearth::harness
