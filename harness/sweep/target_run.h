// One process of a target with its control page: configured from a scenario, started, watched,
// read. Strategies are made of these.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/scenario.h"
#include "harness/model/trial.h"
#include "harness/process/child_process.h"
#include "harness/process/control_page.h"
#include "harness/process/private_folder.h"
#include "harness/process/target_program.h"
#include "harness/sweep/module_list.h"
#include "harness/sweep/sweep_plan.h"

namespace dearth::harness {

// What every process of one scenario's sweep has in common.
struct TargetSetup {
    const Scenario* scenario = nullptr;
    TargetProgram program;
    std::string input_path;  // engine exec: file that is the standard input
    std::shared_ptr<const PrivateFolder> input_folder;  // where it is, when the scenario has text
    uint64_t deadline_ms = 5000;
    // Who freed a block: nearly doubles the cost of stacks, so only replays ask for it.
    bool captures_free_stacks = false;
    uint32_t page_alignment = 16;            // page guard, the rear side; see run_baseline
    std::vector<dearth_leftover> leftovers;  // of the baseline, sorted
    // A check of one run for a person: standard streams and terminal are theirs; requests are not
    // recorded one by one.
    bool is_attended = false;
    // Replay: this schedule instead of the one that scenario and point make.
    std::optional<dearth_schedule> schedule;
};

// Program and input found; the rest by default. Keeps a pointer to `scenario`.
Result<TargetSetup> make_setup(const Scenario& scenario);

class TargetRun {
public:
    // A trial without faults that records its requests.
    static Result<TargetRun> start_baseline(const TargetSetup& setup);
    // One trial.
    static Result<TargetRun> start_single(const TargetSetup& setup, const TrialPoint& point);
    // A forward run that explores `plan` (one map for each kind), `jobs` children at once.
    static Result<TargetRun> start_fork(const TargetSetup& setup, const SweepPlan& plan,
                                        uint32_t jobs);
    // The page of one trial without its process, for a debugger to start.
    static Result<ControlPage> prepare_single(const TargetSetup& setup, const TrialPoint& point);

    ControlPage& page() { return *page_; }
    const ControlPage& page() const { return *page_; }
    ChildProcess& process() { return *process_; }

    // How the process ended; reaps it. Call once.
    ExitReport finish();

    // The observation in a slot. Slot 0 of a finished process gets its end from `exit`.
    TrialRecord read_slot(uint32_t index, ModuleList::Translation& modules,
                          const std::optional<ExitReport>& exit) const;

    uint64_t started_ms() const { return started_ms_; }
    uint64_t elapsed_ms() const;

private:
    TargetRun() = default;
    static Result<TargetRun> launch(const TargetSetup& setup, ControlPage page);

    std::unique_ptr<ControlPage> page_;
    std::optional<PrivateFolder> folder_;  // the process's working directory; removed after its end
    std::unique_ptr<ChildProcess> process_;
    bool is_program_ = false;  // engine exec
    uint64_t started_ms_ = 0;
};

// What spawn needs to start the target of `setup` on `page`, but for its standard input and its
// working directory; replay uses it for a debugger.
SpawnRequest spawn_request(const TargetSetup& setup, const ControlPage& page);

// Real time since some start, for deadlines.
uint64_t monotonic_ms();

}  // namespace dearth::harness
