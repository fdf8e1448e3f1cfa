#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "harness/sweep/sweep_plan.h"

namespace dearth::harness {
namespace {

RC_GTEST_PROP(PointMap, IsASetOfOrdinals, ()) {
    const auto size = *rc::gen::inRange<uint64_t>(1, 300);
    const auto members =
        *rc::gen::container<std::set<uint64_t>>(rc::gen::inRange<uint64_t>(0, 320));
    PointMap map(size);
    std::set<uint64_t> model;
    for (const uint64_t ordinal : members) {
        map.add(ordinal);
        if (ordinal >= 1 && ordinal <= size)
            model.insert(ordinal);
    }
    const auto removed = *rc::gen::inRange<uint64_t>(0, 320);
    map.remove(removed);
    model.erase(removed);
    RC_ASSERT(map.count() == model.size());
    for (uint64_t ordinal = 0; ordinal <= 330; ++ordinal) {
        RC_ASSERT(map.contains(ordinal) == model.contains(ordinal));
        const auto next = model.lower_bound(ordinal);
        RC_ASSERT(map.next(ordinal) == (next == model.end() ? 0 : *next));
    }
}

RC_GTEST_PROP(SweepPlan, SampleHasTheAskedSizeAndRepeatsForASeed, ()) {
    Scenario scenario;
    scenario.injection.points = PointSelection::kSample;
    scenario.injection.sample_count = *rc::gen::inRange<uint64_t>(1, 50);
    scenario.injection.sample_seed = *rc::gen::arbitrary<uint64_t>();
    const SelectedSites sites = {std::vector<uint64_t>(*rc::gen::inRange<size_t>(1, 200), 9)};
    const SweepPlan plan = make_plan(scenario, sites);
    const uint64_t wanted = std::min<uint64_t>(scenario.injection.sample_count, sites.sites.size());
    RC_ASSERT(plan.points[0].count() == wanted);
    RC_ASSERT(plan.points[0].words() == make_plan(scenario, sites).points[0].words());
    RC_ASSERT(plan.left_out == (sites.sites.size() - wanted) * 2);
}

}  // namespace
}  // namespace dearth::harness
