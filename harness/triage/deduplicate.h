// Trials in, findings out: one finding for each (scenario, signature). The trial with the smallest
// ordinal leads, at equal ordinals the simpler kind, so that the result does not depend on the
// order in which trials end.
//
// Memory is bounded for a million trials: one Finding a signature, counts instead of trials, a
// bounded table from raw stacks to signatures. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/model/finding.h"
#include "harness/triage/frame_source.h"

namespace dearth::harness {

// What one trial did to one finding.
struct Sighting {
    std::string id;
    const Finding* finding = nullptr;  // stays valid as long as the collector; null: not kept
    bool is_new = false;               // its first trial
    bool has_new_lead = false;         // this trial shows it more simply than all before
};

class FindingCollector {
public:
    // Findings kept with their facts; further signatures are counted in `unkept_count` alone.
    static constexpr size_t kKeptMax = 4'000;

    // `modules` is the run's list, which may grow; `today` an ISO date ("2026-01-31").
    FindingCollector(const std::vector<Module>& modules, FrameSource& source, std::string today);

    // One sighting for each different finding among the judgement's accusations, gravest first;
    // none for a judgement without accusations.
    std::vector<Sighting> add(const Scenario& scenario, const TrialRecord& record,
                              const Judgement& judgement);

    // The finding an accusation of this trial belongs to, whether or not it was added.
    std::string id_of(const TrialRecord& record, const Accusation& accusation);

    // A confirmation run of a finding ended. An unknown id is ignored.
    const Finding* note_replay(std::string_view scenario, const std::string& id, bool agrees);
    // A replay knows who freed the block; the sweep itself does not ask. An unknown id is ignored.
    void note_freed(std::string_view scenario, const std::string& id, const Accusation& accusation);
    // A smaller schedule that still shows it. An unknown id is ignored.
    const Finding* note_schedule(std::string_view scenario, const std::string& id,
                                 std::string schedule_text);

    const Finding* find(std::string_view scenario, const std::string& id) const;
    // By scenario, then gravest first, then smallest ordinal.
    std::vector<const Finding*> findings() const;
    uint64_t unkept_count() const { return unkept_count_; }
    // Stacks that had to be given names, for tests and for the run's statistics.
    uint64_t named_stacks_count() const { return named_stacks_count_; }

private:
    using Key = std::pair<std::string, std::string>;  // scenario, id

    struct Kept {
        Finding finding;
        bool has_minimized_schedule = false;
    };

    void lead(Kept& kept, const Scenario& scenario, const TrialRecord& record,
              const Accusation& accusation);
    std::vector<SymbolFrame> named(const dearth_stack& stack);

    const std::vector<Module>& modules_;
    FrameSource& source_;
    std::string today_;
    std::map<Key, Kept> kept_;
    std::unordered_map<uint64_t, uint64_t> signature_of_stacks_;
    uint64_t unkept_count_ = 0;
    uint64_t named_stacks_count_ = 0;
};

// How a finding counts in the gate: known ones (by an id's prefix, up to and including `until`)
// are listed and never fail; then the scenario's lists; a verdict in neither warns. A scenario
// without lists has the verdicts' defaults.
struct DispositionAnswer {
    Disposition disposition = Disposition::kFails;
    std::string known_reason;
};
DispositionAnswer disposition_of(const Scenario& scenario, Verdict verdict, std::string_view id,
                                 std::string_view today);

// True when `a` is the simpler way to show the same thing: smaller ordinal, then once before
// burst before sticky before persistent, then the rest of the point.
bool is_simpler(const TrialPoint& a, const TrialPoint& b);

}  // namespace dearth::harness
