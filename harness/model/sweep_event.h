// What happened in a run, in order: facts only, no display settings. The sweep emits events, the
// store and the live display consume them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/finding.h"
#include "harness/model/trial.h"

namespace dearth::harness {

inline constexpr size_t kVerdictCount = static_cast<size_t>(Verdict::kOverflow) + 1;
using VerdictCounts = std::array<uint64_t, kVerdictCount>;

struct RunStarted {
    std::string run_id;  // 8 hex digits
    std::string command_line;
    std::string version;
    uint64_t seed = 1;
    uint32_t jobs = 1;
    uint64_t started_unix_ms = 0;
};

struct ScenarioStarted {
    size_t scenario_index = 0;
    const Scenario* scenario = nullptr;
    Baseline baseline;
    std::vector<std::string> warnings;  // one line each: what is different under dearth
    Strategy strategy = Strategy::kExec;
    uint64_t planned_trials = 0;
    uint64_t resumed_trials = 0;  // found finished in the results file
};

struct TrialFinished {
    size_t scenario_index = 0;
    TrialPoint point;
    Strategy strategy = Strategy::kExec;
    Verdict verdict = Verdict::kInconclusive;
    std::string detail;
    uint64_t site = 0;
    uint32_t phase = DEARTH_PHASE_RUN;  // of the failed request
    uint64_t elapsed_us = 0;
    std::vector<std::string> finding_ids;
};

// A finding seen for the first time in this run, or one whose facts changed (confirmation).
struct FindingSeen {
    size_t scenario_index = 0;
    Finding finding;
    bool is_new = true;
};

struct ScenarioFinished {
    size_t scenario_index = 0;
    VerdictCounts verdicts = {};
    uint64_t trials = 0;
    uint64_t sites_seen = 0;
    uint64_t sites_failed = 0;
    uint64_t unexplored = 0;  // points of the plan that were left out
    std::string problem;      // why it could not be judged; empty when it was
    int problem_exit = 0;     // 2, 3, 4 or 70 when `problem` is set
};

struct RunFinished {
    int exit_code = 0;
    double cpu_s = 0;  // all processes
    double wall_s = 0;
    std::string exit_reason;  // one line
};

using SweepEvent = std::variant<RunStarted, ScenarioStarted, TrialFinished, FindingSeen,
                                ScenarioFinished, RunFinished>;

class EventSink {
public:
    virtual ~EventSink() = default;
    // Called from one thread, in order. A sink that cannot go on returns an error (disk full);
    // the sweep then stops and reports it.
    virtual Status consume(const SweepEvent& event) = 0;
};

}  // namespace dearth::harness
