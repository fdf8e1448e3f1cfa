// The text for people, held against approved files (DEARTH_APPROVE=1 accepts a change), and the
// claims that must hold for any text: width, no control characters, never green without injection.
#include "harness/report/console_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "harness/base/text.h"
#include "harness/report/terminal_text.h"
#include "tests/harness/report/fake_source.h"
#include "tests/support/approve.h"

namespace dearth::harness {
namespace {

std::string report_of(const RunSource& source, const ConsoleOptions& options = {}) {
    StringSink sink;
    const Status status = write_console_report(source, options, sink);
    EXPECT_TRUE(status.ok()) << status.error().message;
    return sink.take();
}

std::string approved(const std::string& name) {
    return std::string(DEARTH_APPROVED_FOLDER) + "/" + name + ".txt";
}

size_t widest_line(const std::string& text) {
    size_t columns = 0;
    for (const std::string_view line : split(text, '\n'))
        columns = std::max(columns, column_count(line));
    return columns;
}

TEST(ConsoleReporter, ShowsARunWithFindings) {
    EXPECT_TRUE(is_approved(approved("console_findings"), report_of(sample_source())));
}

TEST(ConsoleReporter, ShowsACleanRun) {
    FakeSource source;
    source.facts.start = samples::run_started();
    source.facts.finish = RunFinished{0, 1.0, 125.0, ""};
    const size_t index = source.add_scenario("string-sweep");
    source.add_trial(index, samples::trial(1));
    EXPECT_TRUE(is_approved(approved("console_clean"), report_of(source)));
}

TEST(ConsoleReporter, ShowsWhatCouldNotBeJudged) {
    FakeSource source;
    source.facts.start = samples::run_started();
    source.facts.finish = RunFinished{3, 1.0, 0.5, "a target fails without any fault"};
    const size_t index = source.add_scenario("broken");
    source.scenario_list[index].outcome.problem = "the script ends with an error: x.lua:1: nil";
    source.scenario_list[index].outcome.problem_exit = 3;
    source.scenario_list[index].baseline.is_repeatable = false;
    source.scenario_list[index].baseline.drift = "request 31 differs";
    EXPECT_TRUE(is_approved(approved("console_problem"), report_of(source)));
}

TEST(ConsoleReporter, ShowsAnInterruptedRun) {
    FakeSource source = sample_source();
    source.facts.finish.reset();
    source.scenario_list[1].is_finished = false;
    source.scenario_list[1].outcome.unexplored = 87;
    source.findings.clear();
    EXPECT_TRUE(is_approved(approved("console_interrupted"), report_of(source)));
}

TEST(ConsoleReporter, IsNeverGreenWhenNothingWasInjected) {
    FakeSource source;
    source.facts.start = samples::run_started();
    source.facts.finish = RunFinished{0, 1.0, 0.5, ""};
    const size_t index = source.add_scenario("empty");
    source.add_trial(index, samples::trial(1, DEARTH_KIND_ONCE, Verdict::kNotReached));
    const std::string text = report_of(source);
    EXPECT_THAT(text, testing::HasSubstr("Nothing was injected"));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("No finding fails the gate")));
}

TEST(ConsoleReporter, KeepsToItsWidth) {
    FakeSource source = sample_source();
    Finding& finding = source.findings[0][0];
    for (int i = 0; i < 40; ++i)
        finding.injected.push_back(samples::frame("a_function_with_a_long_name", "path/file.c", i));
    finding.detected[0].function = std::string(300, 'x');
    finding.detail = std::string(200, 'y') + " and a lot of words " + std::string(100, 'z');
    finding.error_text = std::string(400, 'e') + "\n\n2\n3\n4\n5\n6\n";
    source.scenario_list[1].name = std::string(200, 's');
    source.scenario_list[1].outcome.problem = std::string(200, 'p');
    for (const size_t columns : {80u, 96u, 100u}) {
        const std::string text = report_of(source, {false, columns, 8});
        EXPECT_LE(widest_line(text), columns) << text;
    }
}

TEST(ConsoleReporter, ShowsAtMostEightFramesInnermostFirst) {
    FakeSource source = sample_source();
    std::vector<SymbolFrame>& frames = source.findings[0][0].injected;
    frames.clear();
    for (int i = 1; i <= 11; ++i)
        frames.push_back(samples::frame("f" + std::to_string(i), "f.c", i));
    frames.push_back(samples::frame("__libc_start_main", "", 0));
    frames.push_back({"lua5.4", 0x10, "", "", 0});
    const std::string text = report_of(source);
    EXPECT_THAT(text, testing::HasSubstr("f1 f.c:1 < f2 f.c:2"));
    EXPECT_THAT(text, testing::HasSubstr("f8 f.c:8 < 3 more"));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("f9 f.c")));
}

TEST(ConsoleReporter, ForeignTextCannotDriveTheTerminal) {
    FakeSource source = sample_source();
    Finding& finding = source.findings[0][0];
    const std::string evil = "\x1b[2J\r\a\xff";
    finding.detail = evil;
    finding.error_text = evil;
    finding.injected[0].function = evil;
    finding.id = evil;
    source.scenario_list[0].name = evil;
    source.facts.start.run_id = evil;
    source.facts.finish->exit_code = 70;
    source.facts.finish->exit_reason = evil;
    for (const char c : report_of(source))
        EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
}

TEST(ConsoleReporter, ColoursChangeNothingElse) {
    const std::string plain = report_of(sample_source());
    std::string coloured = report_of(sample_source(), {true, 96, 8});
    EXPECT_NE(coloured, plain);
    for (size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
        coloured.erase(at, coloured.find('m', at) - at + 1);
    EXPECT_EQ(coloured, plain);
    EXPECT_EQ(plain.find('\x1b'), std::string::npos);
}

TEST(ConsoleReporter, FindingOfTwoScenariosIsShownOnce) {
    FakeSource source = sample_source();
    Finding again = source.findings[0][0];
    again.trial_count = 2;
    source.add_finding(1, again);
    const std::string text = report_of(source);
    EXPECT_EQ(text.find("[9c0f2a77]"), text.rfind("[9c0f2a77]"));
    EXPECT_THAT(text, testing::HasSubstr("also in       string-sweep"));
    EXPECT_THAT(text, testing::HasSubstr("×10"));
}

// A leak that request number `ordinal` leads to; the lost block is made at `line`.
Finding leak(std::string id, uint64_t ordinal, int line) {
    Finding leak = samples::finding(std::move(id), ordinal);
    leak.verdict = Verdict::kLeak;
    leak.detail = "1 block (12 bytes) that the baseline does not leave, from 1 call site";
    leak.injected[0].line = static_cast<int>(200 + ordinal);
    leak.allocated = {samples::frame("make_key", "pair.c", line),
                      samples::frame("make_pair", "pair.c", 40)};
    leak.detected.clear();
    leak.freed.clear();
    leak.known_reason.clear();
    return leak;
}

TEST(ConsoleReporter, LeaksOfOneBlockAreToldTogether) {
    FakeSource source = sample_source();
    source.findings.clear();
    source.add_finding(0, leak("1111111100000001", 3, 11));
    source.add_finding(0, leak("2222222200000002", 5, 11));
    Finding flaky = leak("3333333300000003", 6, 11);
    flaky.replays_agreeing = 2;
    source.add_finding(0, flaky);
    source.add_finding(0, leak("4444444400000004", 7, 15));  // another block of that function
    source.add_finding(1, leak("5555555500000005", 2, 11));
    EXPECT_TRUE(is_approved(approved("console_together"), report_of(source)));
}

TEST(ConsoleReporter, HangsInOneLoopAreToldTogetherWhereverTheDeadlineMetIt) {
    FakeSource source = sample_source();
    source.findings.clear();
    for (int i = 1; i <= 3; ++i) {
        Finding hang =
            leak("0000000" + std::to_string(i) + "00000000", static_cast<uint64_t>(i), 1);
        hang.verdict = Verdict::kHang;
        hang.detected = {samples::frame("retry", "loop.c", i), samples::frame("work", "loop.c", 9)};
        source.add_finding(0, hang);
    }
    const std::string text = report_of(source);
    EXPECT_THAT(text, testing::HasSubstr("2 more failed sites lead here (16 trials): 00000002, "
                                         "00000003"));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("[00000002]")));
    EXPECT_THAT(text, testing::HasSubstr("0 fail, 3 warn, 0 known")) << "each is counted";
}

TEST(ConsoleReporter, WhatCountsOtherwiseIsToldApart) {
    FakeSource source = sample_source();
    source.findings.clear();
    source.add_finding(0, leak("1111111100000001", 3, 11));
    Finding fails = leak("2222222200000002", 5, 11);
    fails.disposition = Disposition::kFails;
    source.add_finding(0, fails);
    for (const std::string id : {"3333333300000003", "4444444400000004"}) {
        Finding known = leak(id, 6, 11);
        known.disposition = Disposition::kKnown;
        known.known_reason = "issue " + id;
        source.add_finding(0, known);
    }
    Finding crash = leak("5555555500000005", 7, 11);
    crash.verdict = Verdict::kCrash;
    source.add_finding(0, crash);
    crash.id = "6666666600000006";
    source.add_finding(0, crash);
    Finding nowhere = leak("7777777700000007", 8, 11);
    nowhere.allocated.clear();
    source.add_finding(0, nowhere);
    nowhere.id = "8888888800000008";
    source.add_finding(0, nowhere);
    EXPECT_THAT(report_of(source), testing::Not(testing::HasSubstr("more failed site")));
}

TEST(ConsoleReporter, LikeIdsGetMoreDigits) {
    FakeSource source = sample_source();
    Finding like = source.findings[0][0];
    like.id = "9c0f2a77000f0001";
    source.add_finding(0, like);
    EXPECT_THAT(report_of(source), testing::AllOf(testing::HasSubstr("[9c0f2a770000]"),
                                                  testing::HasSubstr("[9c0f2a77000f]")));
}

TEST(ConsoleReporter, FullDiskIsAnError) {
    std::FILE* full = std::fopen("/dev/full", "w");
    ASSERT_NE(full, nullptr);
    StreamSink sink(full, "report.txt");
    const Status status = write_console_report(sample_source(), {}, sink);
    std::fclose(full);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "write the report to report.txt: No space left on device");
}

TEST(TerminalText, CountsColumns) {
    EXPECT_EQ(column_count("abc"), 3u);
    EXPECT_EQ(column_count("×…"), 2u);
    EXPECT_EQ(column_count("日本"), 4u);
    EXPECT_EQ(column_count("e\xCC\x81"), 1u);
    EXPECT_EQ(column_count("\xff\xe6"), 2u);
}

TEST(TerminalText, CutsBetweenCharacters) {
    EXPECT_EQ(cut_to_columns("abcdef", 6), "abcdef");
    EXPECT_EQ(cut_to_columns("abcdef", 4), "abc…");
    EXPECT_EQ(cut_to_columns("日本語", 4), "日…");
    EXPECT_EQ(cut_to_columns("abc", 0), "");
}

TEST(TerminalText, WrapsBetweenPieces) {
    EXPECT_EQ(wrap_pieces({"aaa", "bbb", "ccc"}, " < ", 9, 12, 3), "aaa <\n   bbb < ccc");
    EXPECT_EQ(wrap_pieces({"aaa", "bbb", "ccc"}, " < ", 11, 14, 3), "aaa < bbb <\n   ccc");
    EXPECT_EQ(wrap_pieces({"aaaaaaaaaaaa"}, " ", 5, 5, 0), "aaaa…");
}

}  // namespace
}  // namespace dearth::harness
