// The fork strategy, seen from the harness: one forward run whose children are the trials. Reads
// slots as the target announces them and watches that it moves on.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/base/result.h"
#include "harness/model/trial.h"
#include "harness/sweep/module_list.h"
#include "harness/sweep/sweep_plan.h"
#include "harness/sweep/target_run.h"

namespace dearth::harness {

struct ForkSweepResult {
    bool forward_run_finished = false;
    std::string problem;  // why it did not, for people
    double cpu_s = 0;
};

// Explores every point of `plan`. `done` gets each finished trial, in the order in which they end;
// an error from it ends the run. Points of a forward run that does not reach them yield no trial:
// the caller knows which are missing.
Result<ForkSweepResult> run_fork_sweep(const TargetSetup& setup, const SweepPlan& plan,
                                       uint32_t jobs, ModuleList& modules,
                                       const std::function<Status(TrialRecord)>& done,
                                       bool (*should_stop)());

}  // namespace dearth::harness
