#include "harness/triage/minimize.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dearth/schedule.h"

namespace dearth::harness {
namespace {

dearth_schedule parsed(const char* text) {
    dearth_schedule schedule = {};
    char error[256] = "";
    size_t offset = 0;
    EXPECT_EQ(dearth_schedule_parse(text, &schedule, error, sizeof(error), &offset), 0)
        << text << ": " << error;
    return schedule;
}

std::string text_of(const dearth_schedule& schedule) {
    char text[1024];
    dearth_schedule_format(&schedule, text, sizeof(text));
    return text;
}

// Does any term fire at `ordinal`, whatever comes before? Enough for terms without memory.
bool covers(const dearth_schedule& schedule, uint64_t ordinal) {
    return std::any_of(
        schedule.terms, schedule.terms + schedule.term_count, [ordinal](const dearth_term& term) {
            if (term.selector == DEARTH_SELECT_LIST) {
                return std::find(term.list, term.list + term.list_count, ordinal) !=
                       term.list + term.list_count;
            }
            const bool goes_on =
                term.kind == DEARTH_KIND_PERSISTENT ||
                (term.kind == DEARTH_KIND_BURST && ordinal < term.first + term.burst);
            return ordinal >= term.first && (ordinal <= term.last || goes_on);
        });
}

TEST(MinimizeSchedule, PersistentBecomesOnceWhereOnceShowsIt) {
    const auto result = minimize_schedule(
        parsed("nth=17;persistent"),
        [](const dearth_schedule& schedule) { return covers(schedule, 17); }, 100);
    EXPECT_EQ(text_of(result.schedule), text_of(parsed("nth=17;once")));
    EXPECT_TRUE(result.is_minimal);
}

TEST(MinimizeSchedule, PersistentBecomesAShortBurstWhereARetryMustFailToo) {
    const auto result = minimize_schedule(
        parsed("nth=17;persistent"),
        [](const dearth_schedule& schedule) {
            return covers(schedule, 17) && covers(schedule, 18);
        },
        100);
    EXPECT_EQ(text_of(result.schedule), text_of(parsed("nth=17;burst=2")));
}

TEST(MinimizeSchedule, PersistentStaysWhereOnlyItShowsIt) {
    const auto result = minimize_schedule(
        parsed("nth=17;persistent"),
        [](const dearth_schedule& schedule) { return covers(schedule, 1'000'000); }, 100);
    EXPECT_EQ(text_of(result.schedule), text_of(parsed("nth=17;persistent")));
    EXPECT_TRUE(result.is_minimal);
}

TEST(MinimizeSchedule, RangesAndListsShrinkToTheOrdinalsThatMatter) {
    const auto shows = [](const dearth_schedule& schedule) {
        return covers(schedule, 19) && covers(schedule, 30);
    };
    for (const char* text : {"nth=17..40;once", "nth=1..5000;once", "nth=3,19,22,30,31;once"}) {
        const auto result = minimize_schedule(parsed(text), shows, 1000);
        EXPECT_EQ(text_of(result.schedule), text_of(parsed("nth=19,30;once"))) << text;
    }
    const auto single = minimize_schedule(
        parsed("nth=1..;once"),
        [](const dearth_schedule& schedule) { return covers(schedule, 700); }, 1000);
    EXPECT_EQ(text_of(single.schedule), text_of(parsed("nth=700;once")));
}

TEST(MinimizeSchedule, TermsThatDoNotMatterAreLeftOut) {
    const auto result = minimize_schedule(
        parsed("nth=3;once|nth=8;persistent;op=realloc|nth=9;once"),
        [](const dearth_schedule& schedule) { return covers(schedule, 8); }, 100);
    EXPECT_EQ(text_of(result.schedule), text_of(parsed("nth=8;once;op=realloc")));
}

TEST(MinimizeSchedule, FiringsOfEveryAreCounted) {
    const auto result = minimize_schedule(
        parsed("every=7;after=10"),
        [](const dearth_schedule& schedule) {
            return schedule.terms[0].times == 0 || schedule.terms[0].times >= 3;
        },
        100);
    EXPECT_EQ(result.schedule.terms[0].times, 4u);
}

TEST(MinimizeSchedule, RunsAreBounded) {
    uint32_t runs = 0;
    const auto result = minimize_schedule(
        parsed("nth=1..5000;persistent"),
        [&runs](const dearth_schedule&) {
            ++runs;
            return runs % 3 == 0;
        },
        5);
    EXPECT_EQ(runs, 5u);
    EXPECT_EQ(result.runs, 5u);
    EXPECT_FALSE(result.is_minimal);
}

TEST(MinimizeSet, AnEmptySetIsTriedLast) {
    const auto result = minimize_set(
        {1, 2, 3}, [](const auto&) { return true; }, 100);
    EXPECT_TRUE(result.kept.empty());
}

}  // namespace
}  // namespace dearth::harness
