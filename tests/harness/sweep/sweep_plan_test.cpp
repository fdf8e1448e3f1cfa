#include "harness/sweep/sweep_plan.h"

#include <gtest/gtest.h>

#include <set>

namespace dearth::harness {
namespace {

Scenario sweep_of(uint64_t first, uint64_t last) {
    Scenario scenario;
    scenario.injection.first = first;
    scenario.injection.last = last;
    return scenario;
}

SelectedSites sites_of(std::initializer_list<uint64_t> sites) {
    return {sites};
}

std::set<uint64_t> ordinals_in(const PointMap& map) {
    std::set<uint64_t> ordinals;
    for (uint64_t n = map.next(1); n != 0; n = map.next(n + 1))
        ordinals.insert(n);
    return ordinals;
}

TEST(SweepPlan, TakesEveryOrdinalOnceForEachKind) {
    const SweepPlan plan = make_plan(sweep_of(1, UINT64_MAX), sites_of({7, 7, 8}));
    ASSERT_EQ(plan.points.size(), 2u) << "once and persistent";
    EXPECT_EQ(ordinals_in(plan.points[0]), (std::set<uint64_t>{1, 2, 3}));
    EXPECT_EQ(ordinals_in(plan.points[1]), (std::set<uint64_t>{1, 2, 3}));
    EXPECT_EQ(plan.trial_count(), 6u);
    EXPECT_EQ(plan.left_out, 0u);
}

TEST(SweepPlan, ClipsTheRangeToWhatTheBaselineReached) {
    EXPECT_EQ(ordinals_in(make_plan(sweep_of(2, 200), sites_of({1, 2, 3})).points[0]),
              (std::set<uint64_t>{2, 3}));
    Scenario stepped = sweep_of(1, 100);
    stepped.injection.step = 2;
    EXPECT_EQ(ordinals_in(make_plan(stepped, sites_of({1, 2, 3, 4})).points[0]),
              (std::set<uint64_t>{1, 3}));
}

TEST(SweepPlan, AWindowThatSeesNothingGetsOneTrialToProveIt) {
    const SweepPlan plan = make_plan(sweep_of(1, UINT64_MAX), {});
    EXPECT_EQ(plan.trial_count(), 1u);
    EXPECT_EQ(ordinals_in(plan.points[0]), (std::set<uint64_t>{1}));
    EXPECT_EQ(ordinals_in(make_plan(sweep_of(50, 60), sites_of({1, 2})).points[0]),
              (std::set<uint64_t>{50}));
}

TEST(SweepPlan, SitesTakesTheFirstRequestOfEachCallStack) {
    Scenario scenario = sweep_of(1, UINT64_MAX);
    scenario.injection.points = PointSelection::kSites;
    const SweepPlan plan = make_plan(scenario, sites_of({5, 5, 6, 5, 7}));
    EXPECT_EQ(ordinals_in(plan.points[0]), (std::set<uint64_t>{1, 3, 5}));
    EXPECT_EQ(plan.left_out, 4u) << "two points, each once and persistent";
}

TEST(SweepPlan, SchedulesGetOneTrialForEachSeed) {
    Scenario scenario;
    scenario.injection.is_sweep = false;
    scenario.injection.seed_first = 3;
    scenario.injection.seed_last = 5;
    const SweepPlan plan = make_plan(scenario, sites_of({1}));
    ASSERT_EQ(plan.schedule_trials.size(), 3u);
    EXPECT_EQ(plan.schedule_trials[0].seed, 3u);
    EXPECT_EQ(plan.schedule_trials[2].seed, 5u);
}

TEST(SiteAddress, CountsOccurrencesUpToTheOrdinal) {
    const SelectedSites sites = sites_of({5, 6, 5, 5});
    EXPECT_EQ(address_of(sites, 4).site, 5u);
    EXPECT_EQ(address_of(sites, 4).occurrence, 3u);
    EXPECT_EQ(address_of(sites, 2).occurrence, 1u);
    EXPECT_EQ(address_of(sites, 5).site, 0u) << "beyond the baseline";
    EXPECT_EQ(address_of(sites, 0).site, 0u);
}

}  // namespace
}  // namespace dearth::harness
