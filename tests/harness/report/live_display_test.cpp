// The display against a clock that the test turns, and a terminal of its choice.
#include "harness/report/live_display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/text.h"
#include "harness/report/terminal_text.h"
#include "tests/harness/store/sample_events.h"

namespace dearth::harness {
namespace {

class LiveDisplayTest : public testing::Test {
protected:
    uint64_t now_ms_ = 1'000;
    StringSink sink_;
    Scenario scenario_ = samples::scenario("table-sweep");

    LiveDisplay display(bool is_terminal, size_t columns = 80) {
        return LiveDisplay(
            {is_terminal, false, columns}, [this] { return now_ms_; }, sink_);
    }
    void start(LiveDisplay& display, uint64_t resumed = 0) {
        ScenarioStarted event;
        event.scenario = &scenario_;
        event.baseline = samples::baseline();
        event.strategy = Strategy::kFork;
        event.planned_trials = 236;
        event.resumed_trials = resumed;
        ASSERT_TRUE(display.consume(event).ok());
    }
    static void finish(LiveDisplay& display) {
        ScenarioFinished event;
        event.trials = 236;
        event.verdicts[static_cast<size_t>(Verdict::kHandled)] = 236;
        event.sites_seen = 44;
        event.sites_failed = 41;
        ASSERT_TRUE(display.consume(event).ok());
    }
    static void trials(LiveDisplay& display, uint64_t count) {
        for (uint64_t i = 0; i < count; ++i)
            ASSERT_TRUE(display.consume(samples::trial(i + 1)).ok());
    }
    std::string last_bar() const {
        const std::string& text = sink_.text();
        return text.substr(text.rfind("\x1b[K") + 3);
    }
    size_t drawings() const {
        size_t count = 0;
        for (size_t at = sink_.text().find("\x1b[K"); at != std::string::npos;
             at = sink_.text().find("\x1b[K", at + 1))
            ++count;
        return count;
    }
};

TEST_F(LiveDisplayTest, PlainLinesWithoutATerminal) {
    {
        LiveDisplay live = display(false);
        start(live, 36);
        trials(live, 50);
        now_ms_ += 9'999;
        trials(live, 1);
        now_ms_ += 1;
        trials(live, 49);
        ASSERT_TRUE(live.consume(FindingSeen{0, samples::finding("9c0f2a7700000001"), true}).ok());
        now_ms_ += 2'500;
        finish(live);
        ASSERT_TRUE(live.consume(RunFinished{}).ok());
    }
    EXPECT_EQ(sink_.text(),
              "table-sweep: 236 trials by fork, 118 of 140 requests selected, 44 call sites, 36 "
              "finished before\n"
              "table-sweep: 88/236  5.2/s  ETA 28.5 s  0 findings\n"
              "table-sweep: 236 trials in 12.5 s: 236 handled; sites failed 41/44 (93%); 1 "
              "finding\n");
}

TEST_F(LiveDisplayTest, NothingIsDrawnOverWithoutATerminal) {
    LiveDisplay live = display(false);
    start(live);
    for (int i = 0; i < 100; ++i) {
        now_ms_ += 1'000;
        trials(live, 1);
        live.tick();
    }
    EXPECT_EQ(sink_.text().find_first_of("\r\x1b"), std::string::npos);
    EXPECT_EQ(split(sink_.text(), '\n').size(), 1u + 10u + 1u);
}

TEST_F(LiveDisplayTest, BarShowsCountsRateAndTimeLeft) {
    LiveDisplay live = display(true);
    start(live);
    now_ms_ += 1'000;
    trials(live, 118);
    now_ms_ += 100;
    live.tick();
    EXPECT_EQ(last_bar(),
              "table-sweep  [████████████·············]  118/236  107/s  ETA 1.1 s  0 findings");
    EXPECT_EQ(column_count(last_bar()), 79u);
}

TEST_F(LiveDisplayTest, BarIsRedrawnAtMostTenTimesASecond) {
    LiveDisplay live = display(true);
    start(live);
    for (int ms = 0; ms < 1'000; ++ms) {
        ++now_ms_;
        trials(live, 3);
    }
    EXPECT_LE(drawings(), 11u);
    EXPECT_GE(drawings(), 9u);
}

TEST_F(LiveDisplayTest, BarKeepsToAnyWidth) {
    for (size_t columns = 1; columns < 130; ++columns) {
        sink_ = StringSink();
        LiveDisplay live = display(true, columns);
        scenario_.name = "日本語-" + std::string(50, 'n');
        start(live);
        now_ms_ += 1'000;
        trials(live, 100);
        ASSERT_TRUE(live.consume(FindingSeen{0, samples::finding("9c0f2a7700000001"), true}).ok());
        now_ms_ += 100;
        live.tick();
        std::string shown = sink_.text();
        for (size_t at = shown.find('\r'); at != std::string::npos; at = shown.find('\r'))
            shown.replace(at, 4, "\n");
        for (const std::string_view line : split(shown, '\n'))
            EXPECT_LT(column_count(line), columns);
    }
}

TEST_F(LiveDisplayTest, NewFindingGetsOneLineAboveTheBar) {
    LiveDisplay live = display(true, 120);
    start(live);
    now_ms_ += 200;
    FindingSeen event{0, samples::finding("9c0f2a7700000001"), true};
    ASSERT_TRUE(live.consume(event).ok());
    event.is_new = false;
    ASSERT_TRUE(live.consume(event).ok());
    const std::string line =
        "\r\x1b[K WARN  DT1001 overflow  table-sweep  nth=17 once  [9c0f2a77]  1 byte written 0 "
        "bytes past the end of a 64-byte block\n";
    EXPECT_THAT(sink_.text(), testing::HasSubstr(line));
    EXPECT_EQ(sink_.text().find("9c0f2a77"), sink_.text().rfind("9c0f2a77"));
    EXPECT_THAT(last_bar(), testing::HasSubstr("1 finding"));
}

TEST_F(LiveDisplayTest, BarIsGoneAtTheEnd) {
    {
        LiveDisplay live = display(true);
        start(live);
        finish(live);
    }
    EXPECT_TRUE(sink_.text().ends_with("\r\x1b[K"));
}

TEST_F(LiveDisplayTest, ScenarioThatCouldNotBeJudgedSaysWhy) {
    LiveDisplay live = display(false);
    start(live);
    ScenarioFinished event;
    event.problem = "the target\nfails";
    ASSERT_TRUE(live.consume(event).ok());
    EXPECT_TRUE(sink_.text().ends_with("table-sweep: could not be judged: the target\n"));
}

}  // namespace
}  // namespace dearth::harness
