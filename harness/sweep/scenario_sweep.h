// One scenario, from baseline to verdicts: plan, trials by the fastest strategy that fits,
// judgement, findings, confirmation. Emits events in order; prints nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "harness/oracle/oracle_list.h"
#include "harness/sweep/baseline_run.h"
#include "harness/sweep/sweep_engine.h"
#include "harness/sweep/sweep_plan.h"
#include "harness/sweep/target_run.h"
#include "harness/triage/deduplicate.h"

namespace dearth::harness {

// Everything about one scenario while it is being swept.
class ScenarioSweep {
public:
    ScenarioSweep(const Scenario& scenario, size_t index, const SweepOptions& options,
                  EventSink& sink, ModuleList& modules, FindingCollector& collector)
        : scenario_(scenario),
          index_(index),
          options_(options),
          sink_(sink),
          modules_(modules),
          collector_(collector) {}

    Status run();

    double cpu_s() const { return cpu_s_; }
    uint64_t trials() const { return finished_.trials; }
    const std::vector<ExitCode>& exit_codes() const { return exit_codes_; }
    const std::string& reason() const { return reason_; }

private:
    Status prepare();
    Status plan();
    Status explore();
    Status explore_by_exec(std::vector<TrialPoint> schedule_trials);
    Status take(TrialRecord record);
    Status confirm();
    Status confirm_one(const std::string& id);
    Status tell(const Finding& finding, bool is_new);
    Status close();
    std::vector<const Finding*> own_findings() const;
    // Ends the scenario: what is wrong stands in its row and in the exit code.
    void give_up(const Error& error);
    void complete_address(TrialPoint& point) const;
    bool can_fork() const;
    std::string reason_for_exec() const;
    std::optional<TrialPoint> next_point();

    const Scenario& scenario_;
    size_t index_;
    const SweepOptions& options_;
    EventSink& sink_;
    ModuleList& modules_;
    FindingCollector& collector_;

    TargetSetup setup_;
    BaselineResult baseline_;
    std::optional<Judge> judge_;
    SweepPlan plan_;  // what is still to be done
    Strategy strategy_ = Strategy::kExec;
    ScenarioFinished finished_;
    std::unordered_set<uint64_t> sites_failed_;
    std::vector<ExitCode> exit_codes_;
    std::string reason_;
    double cpu_s_ = 0;
    size_t exec_kind_ = 0;
    uint64_t exec_from_ = 1;
};

}  // namespace dearth::harness
