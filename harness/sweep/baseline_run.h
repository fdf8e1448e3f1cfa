// The target without faults, twice: it must end well and repeat itself. Everything later is held
// against it.
#pragma once

#include <vector>

#include "harness/base/result.h"
#include "harness/model/trial.h"
#include "harness/sweep/module_list.h"
#include "harness/sweep/sweep_plan.h"
#include "harness/sweep/target_run.h"

namespace dearth::harness {

struct BaselineResult {
    Baseline baseline;
    SelectedSites selected;
    std::vector<dearth_leftover> leftovers;
    uint32_t threads = 1;
    // Has children of its own, or pipes and sockets that forked trials would share with it.
    bool is_entangled = false;
    double cpu_s = 0;
};

// Error class kBaseline when the target fails without faults, hangs, or cannot be started; the
// message carries what the target said. `should_stop` is polled while waiting.
Result<BaselineResult> run_baseline(const TargetSetup& setup, ModuleList& modules,
                                    bool (*should_stop)());

}  // namespace dearth::harness
