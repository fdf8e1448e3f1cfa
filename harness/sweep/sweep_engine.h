// Runs scenarios, one after the other: baseline, plan, trials by the fastest strategy that fits,
// judgement, findings, confirmation. Emits events in order; prints nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/exit_code.h"
#include "harness/model/sweep_event.h"
#include "harness/store/finished_trials.h"

namespace dearth::harness {

enum class StrategyChoice : uint8_t { kAuto, kExec, kFork };

struct SweepOptions {
    StrategyChoice strategy = StrategyChoice::kAuto;
    uint32_t jobs = 1;
    uint32_t replays = 2;  // confirmation runs of each finding, by exec
    std::string today;     // ISO date, for `until` of known findings
    bool (*should_stop)() = [] { return false; };
    // Trials that an interrupted run finished already; may be empty.
    std::function<Result<FinishedTrials>(const Scenario&)> finished;
    // The call sites that those trials made to fail; goes with `finished`.
    std::function<Result<std::vector<uint64_t>>(const Scenario&)> finished_sites;
};

struct SweepSummary {
    std::vector<ExitCode> applicable;  // what each scenario and the gate ask for
    std::string reason;                // of the gravest, one line
    uint64_t trials = 0;
    double cpu_s = 0;  // of the targets
    bool was_interrupted = false;
};

// An error is ours or the sink's (disk full); a scenario that cannot be swept is an event.
Result<SweepSummary> run_sweep(const std::vector<Scenario>& scenarios, const SweepOptions& options,
                               EventSink& sink);

}  // namespace dearth::harness
