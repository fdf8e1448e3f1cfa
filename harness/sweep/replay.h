// One trial again: the one that shows a finding, in a process of its own, optionally in a
// debugger.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/finding.h"
#include "harness/model/trial.h"

namespace dearth::harness {

struct ReplayResult {
    Judgement judgement;
    TrialRecord record;
    Baseline baseline;
    bool is_shown_again = false;    // the same finding id
    std::vector<Finding> findings;  // all that this trial shows, symbolized
    bool landed_elsewhere = false;  // the failed request has another call stack than recorded
};

// `recorded_site`: call site of the finding's trial; 0: not known.
Result<ReplayResult> replay_finding(const Scenario& scenario, const Finding& finding,
                                    uint64_t recorded_site, const std::string& today,
                                    bool (*should_stop)());

// Runs the trial under gdb on the user's terminal, stopped at the first injected fault. Returns
// gdb's exit status.
Result<int> debug_finding(const Scenario& scenario, const Finding& finding);

}  // namespace dearth::harness
