#include "harness/sweep/scenario_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/sweep/exec_pool.h"
#include "harness/sweep/fork_sweep.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kFirstDeadlineMs = 30'000;  // of a baseline whose length nobody knows yet
constexpr uint64_t kLeastDeadlineMs = 5'000;
constexpr uint64_t kDeadlineFactor = 10;

}  // namespace

bool ScenarioSweep::can_fork() const {
    return scenario_.injection.is_sweep && options_.strategy != StrategyChoice::kExec &&
           reason_for_exec().empty();
}

// What a child that is split off would get wrong; empty: nothing.
std::string ScenarioSweep::reason_for_exec() const {
    if (baseline_.threads > 1)
        return fmt::format("it has {} threads", baseline_.threads);
    if (baseline_.has_children)
        return "it starts processes of its own";
    if (baseline_.has_shared_descriptors)
        return "it has pipes or sockets open, which trials would share";
    if (scenario_.target.has_private_folder)
        return "each process has a private folder";
    return {};
}

void ScenarioSweep::give_up(const Error& error) {
    finished_.problem = error.message;
    if (!error.next_step.empty())
        finished_.problem += "\n  next: " + error.next_step;
    finished_.problem_exit = static_cast<int>(exit_code_of(error.error_class));
    exit_codes_.push_back(exit_code_of(error.error_class));
    reason_ = error.message.substr(0, error.message.find('\n'));
}

Status ScenarioSweep::prepare() {
    auto made = make_setup(scenario_);
    if (!made)
        return made.error();
    setup_ = made.take();
    setup_.deadline_ms =
        scenario_.limits.timeout_ms != 0 ? scenario_.limits.timeout_ms : kFirstDeadlineMs;
    auto baseline = run_baseline(setup_, modules_, options_.should_stop);
    if (!baseline)
        return baseline.error();
    baseline_ = baseline.take();
    cpu_s_ += baseline_.cpu_s;
    if (scenario_.limits.timeout_ms == 0)
        setup_.deadline_ms =
            std::max(kLeastDeadlineMs, kDeadlineFactor * baseline_.baseline.elapsed_ms);
    setup_.leftovers = baseline_.leftovers;
    judge_.emplace(scenario_, baseline_.baseline);
    return Done{};
}

Status ScenarioSweep::plan() {
    plan_ = make_plan(scenario_, baseline_.selected);
    finished_.unexplored = plan_.left_out;
    finished_.sites_seen = baseline_.baseline.sites_seen;
    ScenarioStarted started;
    started.scenario_index = index_;
    started.scenario = &scenario_;
    started.baseline = baseline_.baseline;
    started.warnings = setup_.program.start.warnings;
    started.planned_trials = plan_.trial_count();
    started.strategy = strategy_ = can_fork() ? Strategy::kFork : Strategy::kExec;
    started.warnings.insert(started.warnings.end(), baseline_.notes.begin(), baseline_.notes.end());
    const std::string reason = reason_for_exec();
    if (scenario_.injection.is_sweep && options_.strategy != StrategyChoice::kExec &&
        !reason.empty())
        started.warnings.push_back("a process for each trial (exec): " + reason);
    if (options_.finished) {
        auto finished = options_.finished(scenario_);
        if (!finished)
            return finished.error();
        const FinishedTrials& before = finished.value();
        for (size_t kind = 0; kind < plan_.points.size(); ++kind) {
            PointMap& map = plan_.points[kind];
            for (uint64_t n = map.next(1); n != 0; n = map.next(n + 1)) {
                TrialPoint point;
                point.kind = scenario_.injection.kinds[kind];
                point.ordinal = n;
                complete_address(point);
                if (before.find(point))
                    map.remove(n);
            }
        }
        std::erase_if(plan_.schedule_trials,
                      [&](const TrialPoint& point) { return before.find(point).has_value(); });
        auto sites = options_.finished_sites(scenario_);
        if (!sites)
            return sites.error();
        sites_failed_.insert(sites.value().begin(), sites.value().end());
        started.resumed_trials = started.planned_trials - plan_.trial_count();
        finished_.verdicts = before.verdicts;
        finished_.trials = started.resumed_trials;
    }
    return sink_.consume(started);
}

// Points of a target that does not repeat itself are addressed by call site and occurrence.
void ScenarioSweep::complete_address(TrialPoint& point) const {
    if (baseline_.baseline.is_repeatable || !scenario_.injection.is_sweep)
        return;
    const SiteAddress address = address_of(baseline_.selected, point.ordinal);
    point.site = address.site;
    point.occurrence = address.occurrence;
}

Status ScenarioSweep::take(TrialRecord record) {
    // What could not be split off (no descriptor, no process left) is done by exec too.
    if (record.strategy == Strategy::kFork && record.slot.end == DEARTH_END_INTERNAL)
        return Done{};
    const Judgement judgement = judge_->judge(record);
    // A forked trial does not know who made a block after the fault: where a finding is about
    // that, the trial stays in the plan, and exec, which comes next, does it again with all call
    // stacks.
    const auto is_about_an_origin = [](const Accusation& accusation) {
        return accusation.verdict == Verdict::kLeak || accusation.verdict == Verdict::kUseAfterFree;
    };
    if (record.strategy == Strategy::kFork &&
        std::ranges::any_of(judgement.accusations, is_about_an_origin))
        return Done{};
    for (size_t kind = 0; kind < plan_.points.size(); ++kind) {
        if (scenario_.injection.kinds[kind] == record.point.kind)
            plan_.points[kind].remove(record.point.ordinal);
    }
    if (record.strategy == Strategy::kFork && !baseline_.baseline.is_repeatable) {
        // Its ordinal is the forward run's own: the call site is what another run can find again.
        record.point.site = record.slot.injected.site;
        record.point.occurrence = record.slot.occurrence;
    }
    TrialFinished trial;
    trial.scenario_index = index_;
    trial.point = record.point;
    trial.strategy = record.strategy;
    trial.verdict = judgement.verdict;
    trial.detail = judgement.detail;
    trial.site = record.slot.injected.site;
    trial.phase = record.slot.request.phase;
    trial.elapsed_us = record.slot.elapsed_ns / 1000;
    ++finished_.trials;
    ++finished_.verdicts[static_cast<size_t>(judgement.verdict)];
    if (record.slot.injected_count > 0)
        sites_failed_.insert(record.slot.injected.site);
    for (const Sighting& sighting : collector_.add(scenario_, record, judgement)) {
        trial.finding_ids.push_back(sighting.id);
        if (sighting.finding == nullptr || !(sighting.is_new || sighting.has_new_lead))
            continue;
        if (Status told = tell(*sighting.finding, sighting.is_new); !told)
            return told;
    }
    return sink_.consume(trial);
}

std::optional<TrialPoint> ScenarioSweep::next_point() {
    while (exec_kind_ < plan_.points.size()) {
        const uint64_t ordinal = plan_.points[exec_kind_].next(exec_from_);
        if (ordinal == 0) {
            ++exec_kind_;
            exec_from_ = 1;
            continue;
        }
        exec_from_ = ordinal + 1;
        TrialPoint point;
        point.kind = scenario_.injection.kinds[exec_kind_];
        point.ordinal = ordinal;
        complete_address(point);
        return point;
    }
    return std::nullopt;
}

Status ScenarioSweep::explore_by_exec(std::vector<TrialPoint> schedule_trials) {
    ExecPool pool(setup_, modules_, options_.jobs);
    size_t next_schedule = 0;
    exec_kind_ = 0;
    exec_from_ = 1;
    const auto next = [&]() -> std::optional<TrialPoint> {
        if (next_schedule < schedule_trials.size())
            return schedule_trials[next_schedule++];
        return next_point();
    };
    Status status = pool.run(
        next, [&](TrialRecord record) { return take(std::move(record)); }, options_.should_stop);
    cpu_s_ += pool.cpu_s();
    return status;
}

Status ScenarioSweep::explore() {
    if (strategy_ == Strategy::kFork) {
        const SweepPlan forward = plan_;
        auto result = run_fork_sweep(
            setup_, forward, options_.jobs, modules_,
            [&](TrialRecord record) { return take(std::move(record)); }, options_.should_stop);
        if (!result)
            return result.error();
        cpu_s_ += result.value().cpu_s;
        if (options_.should_stop())
            return Done{};
        // Whatever the forward run did not come to is done the slow way.
    }
    return explore_by_exec(plan_.schedule_trials);
}

Status ScenarioSweep::tell(const Finding& finding, bool is_new) {
    FindingSeen seen;
    seen.scenario_index = index_;
    seen.finding = finding;
    seen.is_new = is_new;
    return sink_.consume(seen);
}

std::vector<const Finding*> ScenarioSweep::own_findings() const {
    std::vector<const Finding*> findings = collector_.findings();
    std::erase_if(findings,
                  [&](const Finding* finding) { return finding->scenario != scenario_.name; });
    return findings;
}

Status ScenarioSweep::confirm_one(const std::string& id) {
    const TrialPoint point = collector_.find(scenario_.name, id)->point;
    uint32_t left = options_.replays;
    TargetSetup setup = setup_;
    setup.captures_free_stacks = true;
    ExecPool pool(setup, modules_, options_.jobs);
    const auto next = [&]() -> std::optional<TrialPoint> {
        if (left == 0)
            return std::nullopt;
        --left;
        return point;
    };
    const auto done = [&](TrialRecord record) -> Status {
        const Judgement judgement = judge_->judge(record);
        const auto shown =
            std::ranges::find_if(judgement.accusations, [&](const Accusation& accusation) {
                return collector_.id_of(record, accusation) == id;
            });
        const bool agrees = shown != judgement.accusations.end();
        collector_.note_replay(scenario_.name, id, agrees);
        if (agrees)
            collector_.note_freed(scenario_.name, id, *shown);
        return Done{};
    };
    if (Status replayed = pool.run(next, done, options_.should_stop); !replayed)
        return replayed;
    cpu_s_ += pool.cpu_s();
    return tell(*collector_.find(scenario_.name, id), false);
}

// Every finding's first trial once more, in a process of its own: what does not show again is
// flaky, and says so.
Status ScenarioSweep::confirm() {
    std::vector<std::string> ids;
    for (const Finding* finding : own_findings())
        ids.push_back(finding->id);
    for (const std::string& id : ids) {
        if (options_.should_stop())
            return Done{};
        if (Status confirmed = confirm_one(id); !confirmed)
            return confirmed;
    }
    return Done{};
}

Status ScenarioSweep::close() {
    finished_.scenario_index = index_;
    finished_.sites_failed = sites_failed_.size();
    finished_.unexplored += plan_.trial_count();
    const auto count_of = [&](Verdict verdict) {
        return finished_.verdicts[static_cast<size_t>(verdict)];
    };
    if (finished_.problem.empty() && finished_.trials > 0 &&
        count_of(Verdict::kNotReached) == finished_.trials) {
        give_up({ErrorClass::kNothing,
                 fmt::format("sweep {}: nothing was injected: the window sees no request "
                             "({} requests in all)",
                             scenario_.name, baseline_.baseline.requests),
                 "widen inject.when (phases open, run, close) or let the script do more"});
    }
    if (const uint64_t unknown = count_of(Verdict::kInconclusive); unknown > 0) {
        // Never counted as clean: the run is incomplete.
        exit_codes_.push_back(ExitCode::kIncomplete);
        reason_ = fmt::format("{}: {} of {} trials could not be judged", scenario_.name, unknown,
                              finished_.trials);
    }
    // Damage to the heap gates even when it does not show at every replay; other flaky findings
    // warn.
    const auto fails = [](const Finding* finding) {
        return finding->disposition == Disposition::kFails &&
               (!finding->is_flaky() || finding->verdict >= Verdict::kMismatchedFree);
    };
    if (std::ranges::any_of(own_findings(), fails))
        exit_codes_.push_back(ExitCode::kFindings);
    return sink_.consume(finished_);
}

Status ScenarioSweep::run() {
    if (Status prepared = prepare(); !prepared) {
        if (options_.should_stop())
            return Done{};
        // The scenario still gets a row in the results, so that no report forgets it.
        ScenarioStarted started;
        started.scenario_index = index_;
        started.scenario = &scenario_;
        if (Status told = sink_.consume(started); !told)
            return told;
        give_up(prepared.error());
        return close();
    }
    if (Status planned = plan(); !planned)
        return planned;
    if (Status explored = explore(); !explored)
        return explored;
    if (options_.should_stop())
        return Done{};
    if (Status confirmed = confirm(); !confirmed)
        return confirmed;
    return close();
}

}  // namespace dearth::harness
