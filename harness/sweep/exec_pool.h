// The exec strategy: a fresh process for each trial, several at once. Works for any target, threads
// included.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/trial.h"
#include "harness/sweep/module_list.h"
#include "harness/sweep/target_run.h"

namespace dearth::harness {

class ExecPool {
public:
    // `next` yields the points in order, none when there are no more. `done` gets each finished
    // trial; an error from it ends the run.
    using NextPoint = std::function<std::optional<TrialPoint>()>;
    using TrialDone = std::function<Status(TrialRecord)>;

    ExecPool(const TargetSetup& setup, ModuleList& modules, uint32_t jobs)
        : setup_(setup), modules_(modules), jobs_(jobs) {}

    // Runs until there are no more points, or `should_stop`; then what runs is killed and its
    // trials are not reported.
    Status run(const NextPoint& next, const TrialDone& done, bool (*should_stop)());

    double cpu_s() const { return cpu_s_; }

private:
    struct Running {
        TrialPoint point;
        TargetRun run;
        bool was_killed = false;
    };

    Status start(const TrialPoint& point);
    Status collect(size_t index, const TrialDone& done);
    void kill_overdue();

    const TargetSetup& setup_;
    ModuleList& modules_;
    uint32_t jobs_;
    double cpu_s_ = 0;
    std::vector<Running> running_;
};

}  // namespace dearth::harness
