#include "harness/sweep/sweep_plan.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <random>
#include <unordered_set>

namespace dearth::harness {
namespace {

// Ordinals of the range, clipped to what the baseline reached.
std::vector<uint64_t> ordinals_of(const Injection& injection, uint64_t selected) {
    std::vector<uint64_t> ordinals;
    const uint64_t last = std::min(injection.last, selected);
    const uint64_t step = std::max<uint64_t>(injection.step, 1);
    for (uint64_t n = std::max<uint64_t>(injection.first, 1); n <= last; n += step)
        ordinals.push_back(n);
    return ordinals;
}

std::vector<uint64_t> one_per_site(const std::vector<uint64_t>& ordinals,
                                   const SelectedSites& baseline) {
    std::unordered_set<uint64_t> seen;
    std::vector<uint64_t> chosen;
    for (const uint64_t ordinal : ordinals) {
        if (seen.insert(baseline.sites[ordinal - 1]).second)
            chosen.push_back(ordinal);
    }
    return chosen;
}

// One ordinal from each of `count` equal stretches: a sample that covers the whole run. The draw
// within a stretch depends on the seed and the stretch alone.
std::vector<uint64_t> sample_of(const std::vector<uint64_t>& ordinals, uint64_t count,
                                uint64_t seed) {
    if (count >= ordinals.size())
        return ordinals;
    std::vector<uint64_t> chosen;
    for (uint64_t i = 0; i < count; ++i) {
        const uint64_t begin = i * ordinals.size() / count;
        const uint64_t end = (i + 1) * ordinals.size() / count;
        std::seed_seq sequence{seed, seed >> 32, i};
        std::mt19937_64 draw(sequence);
        chosen.push_back(ordinals[begin + draw() % (end - begin)]);
    }
    return chosen;
}

}  // namespace

bool PointMap::contains(uint64_t ordinal) const {
    if (ordinal == 0 || ordinal > size_)
        return false;
    return (words_[(ordinal - 1) / 64] >> ((ordinal - 1) % 64) & 1u) != 0;
}

void PointMap::add(uint64_t ordinal) {
    if (ordinal >= 1 && ordinal <= size_)
        words_[(ordinal - 1) / 64] |= uint64_t{1} << ((ordinal - 1) % 64);
}

void PointMap::remove(uint64_t ordinal) {
    if (ordinal >= 1 && ordinal <= size_)
        words_[(ordinal - 1) / 64] &= ~(uint64_t{1} << ((ordinal - 1) % 64));
}

uint64_t PointMap::count() const {
    return std::accumulate(words_.begin(), words_.end(), uint64_t{0},
                           [](uint64_t sum, uint64_t word) {
                               return sum + static_cast<uint64_t>(std::popcount(word));
                           });
}

uint64_t PointMap::next(uint64_t from) const {
    for (uint64_t bit = std::max<uint64_t>(from, 1) - 1; bit < size_;) {
        const uint64_t rest = words_[bit / 64] >> (bit % 64);
        if (rest != 0)
            return bit + static_cast<uint64_t>(std::countr_zero(rest)) + 1;
        bit = (bit / 64 + 1) * 64;
    }
    return 0;
}

uint64_t SweepPlan::trial_count() const {
    uint64_t total = schedule_trials.size();
    for (const PointMap& map : points)
        total += map.count();
    return total;
}

SweepPlan make_plan(const Scenario& scenario, const SelectedSites& baseline) {
    SweepPlan plan;
    const Injection& injection = scenario.injection;
    if (!injection.is_sweep) {
        for (uint64_t seed = injection.seed_first; seed <= injection.seed_last; ++seed) {
            TrialPoint point;
            point.seed = seed;
            point.kind.kind = injection.schedule.terms[0].kind;
            point.kind.burst = injection.schedule.terms[0].burst;
            point.kind.action = injection.schedule.terms[0].action;
            plan.schedule_trials.push_back(point);
        }
        return plan;
    }
    const uint64_t selected = baseline.sites.size();
    const std::vector<uint64_t> range = ordinals_of(injection, selected);
    std::vector<uint64_t> chosen = range;
    if (injection.points == PointSelection::kSites)
        chosen = one_per_site(range, baseline);
    else if (injection.points == PointSelection::kSample)
        chosen = sample_of(range, injection.sample_count, injection.sample_seed);
    plan.left_out = (range.size() - chosen.size()) * injection.kinds.size();
    const uint64_t unreached = std::max<uint64_t>(injection.first, 1);
    for (size_t i = 0; i < injection.kinds.size(); ++i) {
        PointMap map(range.empty() ? unreached : selected);
        for (const uint64_t ordinal : chosen)
            map.add(ordinal);
        if (range.empty() && i == 0)
            map.add(unreached);
        plan.points.push_back(std::move(map));
    }
    return plan;
}

SiteAddress address_of(const SelectedSites& baseline, uint64_t ordinal) {
    if (ordinal == 0 || ordinal > baseline.sites.size())
        return {};
    SiteAddress address;
    address.site = baseline.sites[ordinal - 1];
    address.occurrence = static_cast<uint64_t>(
        std::count(baseline.sites.begin(),
                   baseline.sites.begin() + static_cast<std::ptrdiff_t>(ordinal), address.site));
    return address;
}

}  // namespace dearth::harness
