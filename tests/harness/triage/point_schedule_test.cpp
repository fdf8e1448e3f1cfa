#include "harness/triage/point_schedule.h"

#include <gtest/gtest.h>

#include <cstring>

namespace dearth::harness {
namespace {

dearth_schedule parsed_back(const std::string& text) {
    dearth_schedule schedule = {};
    char error[256] = "";
    size_t offset = 0;
    EXPECT_EQ(dearth_schedule_parse(text.c_str(), &schedule, error, sizeof(error), &offset), 0)
        << text << ": " << error;
    return schedule;
}

TEST(PointSchedule, APointOfASweepIsItsOrdinalKindAndWindow) {
    Scenario scenario;
    scenario.injection.when.phase_mask = 1u << DEARTH_PHASE_RUN;
    scenario.injection.unless.size_min_bytes = 4096;
    TrialPoint point;
    point.ordinal = 17;
    point.kind = {DEARTH_KIND_BURST, 3, DEARTH_ACTION_FAIL};
    const dearth_schedule schedule = point_schedule(scenario, point);
    ASSERT_EQ(schedule.term_count, 1u);
    EXPECT_EQ(schedule.terms[0].first, 17u);
    EXPECT_EQ(schedule.terms[0].last, 17u);
    EXPECT_EQ(schedule.terms[0].burst, 3u);
    EXPECT_EQ(schedule.terms[0].when.phase_mask, 1u << DEARTH_PHASE_RUN);
    const dearth_schedule back = parsed_back(schedule_text(schedule));
    EXPECT_EQ(std::memcmp(&back, &schedule, sizeof(back)), 0) << schedule_text(schedule);
}

TEST(PointSchedule, ADriftingTargetIsAddressedByCallSite) {
    Scenario scenario;
    TrialPoint point;
    point.ordinal = 900;
    point.site = 0xABCDEF;
    point.occurrence = 4;
    const dearth_schedule schedule = point_schedule(scenario, point);
    EXPECT_EQ(schedule.terms[0].first, 4u);
    EXPECT_EQ(schedule.terms[0].when.site, 0xABCDEFu);
    const dearth_schedule back = parsed_back(schedule_text(schedule));
    EXPECT_EQ(std::memcmp(&back, &schedule, sizeof(back)), 0) << schedule_text(schedule);
}

TEST(PointSchedule, ARunOfAScheduleHasThePointsSeed) {
    Scenario scenario;
    scenario.injection.is_sweep = false;
    scenario.injection.schedule = parsed_back("probability=0.5%;seed=1|every=7");
    TrialPoint point;
    point.seed = 42;
    const dearth_schedule schedule = point_schedule(scenario, point);
    EXPECT_EQ(schedule.terms[0].seed, 42u);
    EXPECT_EQ(schedule.terms[1].seed, scenario.injection.schedule.terms[1].seed);
}

TEST(ScheduleText, IsWholeHoweverLong) {
    std::string text = "nth=1;once;stack=" + std::string(60, 'a');
    for (int i = 0; i < 20; ++i) {
        text += "|nth=2;once;stack=" + std::string(60, 'b');
    }
    const dearth_schedule schedule = parsed_back(text);
    const dearth_schedule back = parsed_back(schedule_text(schedule));
    EXPECT_EQ(std::memcmp(&back, &schedule, sizeof(back)), 0);
}

}  // namespace
}  // namespace dearth::harness
