// Which trials a scenario asks for: pure functions of scenario, baseline and options. Points are
// bit maps over ordinals, so that a million of them cost as many bits and a resumed, sampled or
// sharded sweep is only a smaller map.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/model/scenario.h"
#include "harness/model/trial.h"

namespace dearth::harness {

// Bit n-1 stands for ordinal n.
class PointMap {
public:
    PointMap() = default;
    explicit PointMap(uint64_t ordinals) : size_(ordinals), words_((ordinals + 63) / 64, 0) {}

    uint64_t size() const { return size_; }
    bool contains(uint64_t ordinal) const;
    void add(uint64_t ordinal);
    void remove(uint64_t ordinal);
    uint64_t count() const;
    // The smallest ordinal >= `from` in the map; 0: none.
    uint64_t next(uint64_t from) const;
    const std::vector<uint64_t>& words() const { return words_; }

private:
    uint64_t size_ = 0;
    std::vector<uint64_t> words_;
};

// What a baseline tells the plan: the call site of each selected request, in order.
struct SelectedSites {
    std::vector<uint64_t> sites;  // sites[n-1]: signature for ordinal n
};

struct SweepPlan {
    // Sweep: one map for each of scenario.injection.kinds, in that order.
    std::vector<PointMap> points;
    // Schedule: one trial per seed.
    std::vector<TrialPoint> schedule_trials;
    uint64_t left_out = 0;  // points of the range that selection left out

    uint64_t trial_count() const;
};

// Points when the window saw `selected` requests. A window that saw none gets one trial, which
// then proves that nothing is reached.
SweepPlan make_plan(const Scenario& scenario, const SelectedSites& baseline);

// (site, occurrence) of an ordinal, for targets whose ordinals drift.
struct SiteAddress {
    uint64_t site = 0;
    uint64_t occurrence = 0;
};
SiteAddress address_of(const SelectedSites& baseline, uint64_t ordinal);

}  // namespace dearth::harness
