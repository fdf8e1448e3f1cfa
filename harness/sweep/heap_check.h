// One run of a program without faults under detection, its standard streams left alone: what
// misused the heap, and what it leaves behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/trial.h"
#include "harness/process/child_process.h"
#include "harness/sweep/module_list.h"
#include "harness/sweep/target_run.h"

namespace dearth::harness {

struct HeapCheck {
    pid_t pid = 0;
    ExitReport exit;
    dearth_trial_slot slot = {};          // frames in the numbering of `modules`
    std::vector<dearth_leak_site> leaks;  // largest first; lost ones before reachable ones
    uint32_t page_way = DEARTH_PAGES_AUTO;
    uint64_t requests = 0;
};

// The setup's scenario is a program's (engine exec). Error class kBaseline when it cannot be
// started, kNothing when the library did not get in front of its allocator: then it may have run.
Result<HeapCheck> check_heap(const TargetSetup& setup, ModuleList& modules);

}  // namespace dearth::harness
