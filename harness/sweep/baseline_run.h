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
    bool has_children = false;            // of its own
    bool has_shared_descriptors = false;  // pipes, sockets: forked trials would share them
    uint32_t page_way = DEARTH_PAGES_AUTO;
    std::vector<std::string> notes;  // one line each, for people
    double cpu_s = 0;
};

// Error class kBaseline when the target fails without faults, hangs, or cannot be started; the
// message carries what the target said. `should_stop` is polled while waiting.
// Under the page guard's rear side, where the scenario names no alignment, it is run with 16 and
// with 1, and `setup` gets 1 unless the target cannot bear that: it ends otherwise, although
// nothing misuses the heap.
Result<BaselineResult> run_baseline(TargetSetup& setup, ModuleList& modules, bool (*should_stop)());

// Did the preload library get in front of the program's allocator? If not, error class kNothing: a
// sweep would test nothing and look clean.
Status check_injector(const TargetSetup& setup, const ControlPage& page, const TrialRecord& record);

}  // namespace dearth::harness
