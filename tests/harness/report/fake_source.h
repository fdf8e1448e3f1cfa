// A run held in memory, as the source of reports.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "harness/report/run_source.h"
#include "tests/harness/store/sample_events.h"

namespace dearth::harness {

class FakeSource final : public RunSource {
public:
    RunFacts facts;
    std::vector<ScenarioFacts> scenario_list;
    std::map<size_t, std::vector<Finding>> findings;
    std::map<size_t, std::vector<TrialFinished>> trials;
    std::optional<Error> trial_error;

    Result<RunFacts> run() const override { return facts; }
    Result<std::vector<ScenarioFacts>> scenarios() const override { return scenario_list; }
    Status for_each_finding(size_t index, const FindingCallback& callback) const override {
        return each(findings, index, callback);
    }
    Status for_each_trial(size_t index, const TrialCallback& callback) const override {
        if (trial_error)
            return *trial_error;
        return each(trials, index, callback);
    }

    // Adds a scenario that went well; its counts follow from the trials added to it.
    size_t add_scenario(const std::string& name) {
        const Scenario scenario = samples::scenario(name);
        ScenarioFacts added;
        added.scenario_index = scenario_list.size();
        added.name = name;
        added.file = scenario.file;
        added.baseline = samples::baseline();
        added.baseline.is_repeatable = true;
        added.strategy = Strategy::kFork;
        added.is_finished = true;
        added.outcome.sites_seen = 44;
        added.outcome.sites_failed = 41;
        scenario_list.push_back(added);
        return added.scenario_index;
    }
    void add_trial(size_t scenario_index, const TrialFinished& trial) {
        trials[scenario_index].push_back(trial);
        ScenarioFinished& outcome = scenario_list[scenario_index].outcome;
        ++outcome.trials;
        ++outcome.verdicts[static_cast<size_t>(trial.verdict)];
    }
    void add_finding(size_t scenario_index, Finding finding) {
        finding.scenario = scenario_list[scenario_index].name;
        findings[scenario_index].push_back(std::move(finding));
    }

private:
    template <typename T>
    static Status each(const std::map<size_t, std::vector<T>>& rows, size_t index,
                       const std::function<Status(const T&)>& callback) {
        const auto place = rows.find(index);
        if (place == rows.end())
            return Done{};
        for (const T& row : place->second) {
            if (Status status = callback(row); !status)
                return status;
        }
        return Done{};
    }
};

// Two scenarios: one with a finding of each disposition, one clean.
inline FakeSource sample_source() {
    FakeSource source;
    source.facts.start = samples::run_started();
    source.facts.finish = RunFinished{1, 3.25, 2.1, "a finding fails the gate"};
    const size_t table = source.add_scenario("table-sweep");
    for (uint64_t ordinal = 1; ordinal <= 9; ++ordinal)
        source.add_trial(table, samples::trial(ordinal));
    for (uint64_t ordinal = 17; ordinal <= 24; ++ordinal)
        source.add_trial(table, samples::trial(ordinal, DEARTH_KIND_ONCE, Verdict::kOverflow));
    source.add_trial(table, samples::trial(3, DEARTH_KIND_PERSISTENT, Verdict::kLeak));
    source.add_trial(table, samples::trial(4, DEARTH_KIND_PERSISTENT, Verdict::kUnaffected));

    Finding fails = samples::finding("9c0f2a7700000001");
    fails.disposition = Disposition::kFails;
    fails.known_reason.clear();
    source.add_finding(table, fails);
    Finding warns = samples::finding("41bb0c0d00000002", 3);
    warns.verdict = Verdict::kLeak;
    warns.point.kind.kind = DEARTH_KIND_PERSISTENT;
    warns.detail = "3 blocks, 192 bytes stay after close that the baseline frees";
    warns.known_reason.clear();
    warns.detected.clear();
    warns.freed.clear();
    warns.script.clear();
    warns.error_text.clear();
    warns.trial_count = 1;
    warns.replays = 1;
    source.add_finding(table, warns);
    Finding known = samples::finding("77aa000000000003", 24);
    known.verdict = Verdict::kHang;
    known.disposition = Disposition::kKnown;
    known.detail = "no end after 5 s";
    known.replays_agreeing = 2;
    known.phase = DEARTH_PHASE_CLOSE;
    source.add_finding(table, known);

    const size_t strings = source.add_scenario("string-sweep");
    source.add_trial(strings, samples::trial(1, DEARTH_KIND_ONCE, Verdict::kUnaffected));
    return source;
}

}  // namespace dearth::harness
