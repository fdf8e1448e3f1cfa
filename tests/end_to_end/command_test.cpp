// The commands beside run, as a user sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "tests/end_to_end/dearth_process.h"
#include "tests/support/approve.h"

namespace dearth::harness {
namespace {

using testing::HasSubstr;

std::string text_of_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The id of the first finding in a file.
std::string first_finding(const std::string& database) {
    for (const auto& [key, line] : trials_in(database)) {
        if (!line.finding_ids.empty())
            return line.finding_ids.front();
    }
    return {};
}

TEST(Commands, VersionIsOneLine) {
    const DearthRun run = run_dearth({"--version"});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_THAT(run.out, testing::MatchesRegex("dearth [0-9.]+ \\(.*engines: .*c-api.*\\)\n"));
}

TEST(Commands, HelpIsApproved) {
    EXPECT_TRUE(is_approved(fmt::format("{}/help.txt", DEARTH_APPROVED_FOLDER),
                            run_dearth({"--help"}).out));
    EXPECT_TRUE(is_approved(fmt::format("{}/help_run.txt", DEARTH_APPROVED_FOLDER),
                            run_dearth({"run", "--help"}).out));
}

TEST(Commands, CheckAcceptsEveryShippedScenario) {
    const DearthRun run = run_dearth({"check", shipped("")});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("no errors"));
}

TEST(Commands, ListNamesScenariosWithTheirDescriptions) {
    const DearthRun run = run_dearth({"list", shipped("lua")});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_THAT(run.out, HasSubstr("tables"));
}

TEST(Commands, PlanCountsWithoutInjecting) {
    const WorkFolder folder;
    folder.write("s.lua", "print(string.rep('x', 10))");
    const DearthRun run = run_dearth({"plan", "s.lua"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("in the window"));
    EXPECT_FALSE(std::ifstream(".dearth").good()) << "planning leaves no results";
}

TEST(Commands, ReplayShowsTheFindingAgain) {
    const WorkFolder folder;
    const std::string scenario = shipped("canary/overflow.dearth.yaml");
    ASSERT_EQ(run_dearth({"run", "-q", "--db", "r.db", scenario}).exit_code, 1);
    const std::string id = first_finding("r.db");
    ASSERT_FALSE(id.empty());
    const DearthRun replay = run_dearth({"replay", id.substr(0, 8), "--db", "r.db"});
    EXPECT_EQ(replay.exit_code, 1) << replay.err;
    EXPECT_THAT(replay.out, HasSubstr(id.substr(0, 8) + " shows again."));
    EXPECT_THAT(replay.out, HasSubstr("DT1001 overflow"));
}

TEST(Commands, ReplayInTheDebuggerStopsAtTheInjectedFault) {
    if (access("/usr/bin/gdb", X_OK) != 0)
        GTEST_SKIP() << "gdb is not installed";
    const WorkFolder folder;
    ASSERT_EQ(
        run_dearth({"run", "-q", "--db", "r.db", shipped("canary/overflow.dearth.yaml")}).exit_code,
        1);
    // Standard input is empty, so gdb ends after its commands.
    const DearthRun replay = run_dearth({"replay", first_finding("r.db"), "--gdb", "--db", "r.db"});
    EXPECT_THAT(replay.out, HasSubstr("Breakpoint 1, dearth_on_injected_fault")) << replay.err;
}

TEST(Commands, ExplainKnowsEveryRule) {
    const DearthRun run = run_dearth({"explain"});
    EXPECT_EQ(run.exit_code, 0);
    for (const VerdictRow& row : verdict_rows()) {
        if (!row.rule.empty()) {
            EXPECT_THAT(run.out, HasSubstr(std::string(row.rule)));
            EXPECT_EQ(run_dearth({"explain", std::string(row.name)}).exit_code, 0) << row.name;
        }
    }
}

TEST(Commands, DoctorSaysWhatWorks) {
    const DearthRun run = run_dearth({"doctor"});
    EXPECT_EQ(run.exit_code, 0) << run.out;
    EXPECT_THAT(run.out, HasSubstr("engine lua"));
    EXPECT_THAT(run_dearth({"doctor", "--json"}).out, HasSubstr("\"subject\":\"engine lua\""));
}

TEST(Commands, ReportsAreWrittenFromTheResultsFile) {
    const WorkFolder folder;
    folder.write("s.lua", "print(string.rep('x', 10))");
    const DearthRun run = run_dearth({"run", "-q", "--db", "r.db", "--report", "jsonl=a.jsonl",
                                      "--report", "junit=a.xml", "s.lua"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const DearthRun again =
        run_dearth({"report", "r.db", "--report", "jsonl=b.jsonl", "--report", "junit=b.xml"});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_FALSE(text_of_file("a.jsonl").empty());
    EXPECT_EQ(text_of_file("a.jsonl"), text_of_file("b.jsonl"));
    EXPECT_EQ(text_of_file("a.xml"), text_of_file("b.xml"));
    EXPECT_EQ(again.out, run.out);
}

TEST(Commands, FindingsWithOneEndAreToldTogetherAndReportedEach) {
    const WorkFolder folder;
    // From the first failure on, every attempt fails at the table that the function makes first.
    folder.write("retry.lua",
                 "local function work()\n  local t = {}\n"
                 "  for i = 1, 4 do t[i] = { i, 'row ' .. i } end\n  return #t\nend\n"
                 "local ok, count\nrepeat ok, count = pcall(work) until ok\nprint(count)\n");
    const DearthRun run = run_dearth({"run", "-q", "--kind", "persistent", "--db", "r.db",
                                      "--report", "jsonl=r.jsonl", "retry.lua"});
    EXPECT_EQ(run.exit_code, 1) << run.out;
    EXPECT_THAT(run.out, HasSubstr("more failed sites lead here ("));
    std::set<std::string> ids;
    for (const auto& [key, line] : trials_in("r.db"))
        ids.insert(line.finding_ids.begin(), line.finding_ids.end());
    size_t paragraphs = 0;
    const std::string events = text_of_file("r.jsonl");
    for (const std::string& id : ids) {
        EXPECT_THAT(run.out, HasSubstr(id.substr(0, 8)));
        EXPECT_THAT(events, HasSubstr(id));
        paragraphs += run.out.find("[" + id.substr(0, 8) + "]") != std::string::npos;
    }
    EXPECT_GT(ids.size(), paragraphs + 1);
}

TEST(Commands, ExitZeroWaivesFindings) {
    const WorkFolder folder;
    const std::string scenario = shipped("canary/overflow.dearth.yaml");
    EXPECT_EQ(run_dearth({"run", "-q", "--exit-zero", "--db", "r.db", scenario}).exit_code, 0);
}

TEST(Commands, NothingReachedIsNeverGreen) {
    const WorkFolder folder;
    folder.write("s.lua", "print(1)");
    const DearthRun run = run_dearth({"run", "-q", "--points", "100000..", "s.lua"});
    EXPECT_EQ(run.exit_code, 4) << run.out;
    EXPECT_EQ(run_dearth({"run", "-q", "--exit-zero", "--points", "100000..", "s.lua"}).exit_code,
              4);
}

TEST(Commands, MemoryLimitHoldsBackTheTarget) {
    const WorkFolder folder;
    const std::string text =
        "version: 1\ntarget: { engine: lua, script: \"print(#string.rep('x', 200 * 1024 * 1024))\" "
        "}\n"
        "inject: { schedule: { nth: 1 } }\n";
    folder.write("free.dearth.yaml", text);
    folder.write("tight.dearth.yaml", text + "limits: { memory: 64MiB }\n");
    EXPECT_EQ(run_dearth({"run", "-q", "free.dearth.yaml"}).exit_code, 0);
    const DearthRun tight = run_dearth({"run", "-q", "tight.dearth.yaml"});
    EXPECT_EQ(tight.exit_code, 3);
    EXPECT_THAT(tight.out, HasSubstr("not enough memory"));
}

TEST(Commands, ATargetThatDoesNotRepeatItselfIsSaidSoAndAddressedByCallSite) {
    const WorkFolder folder;
    // The number of tables depends on how often the script ran: no two runs in a row are alike.
    folder.write("count", "0");
    folder.write("drift.lua",
                 "local f = io.open('count') local n = f:read('n') or 0 f:close()\n"
                 "f = io.open('count', 'w') f:write(n + 1) f:close()\n"
                 "local t = {} for i = 1, 4 + n % 7 do t[i] = {i} end\n");
    for (const std::string strategy : {"fork", "exec"}) {
        const DearthRun run = run_dearth(
            {"run", "-q", "--strategy", strategy, "--db", strategy + ".db", "drift.lua"});
        EXPECT_THAT(run.out, HasSubstr("not repeatable: number of requests"));
        EXPECT_EQ(run.exit_code, 0) << run.out;
        const auto trials = trials_in(strategy + ".db");
        EXPECT_GT(trials.size(), 10u);
        for (const auto& [key, line] : trials)
            EXPECT_NE(line.verdict, Verdict::kInconclusive) << strategy << " " << key;
    }
}

TEST(Commands, ThreadsAreSweptByExec) {
    const WorkFolder folder;
    folder.write("threads.py",
                 "import _thread\nlock = _thread.allocate_lock()\nlock.acquire()\n"
                 "_thread.start_new_thread(lock.release, ())\nlock.acquire()\nprint([1, 2])\n");
    const DearthRun run = run_dearth({"run", "-q", "--points", "sample:3", "threads.py"});
    EXPECT_THAT(run.out, HasSubstr("trials by exec")) << run.err;
}

TEST(Commands, SampleAndSitesTakeFewerPoints) {
    const WorkFolder folder;
    folder.write("s.lua", "local t = {} for i = 1, 60 do t[i] = {i} end print(#t)");
    ASSERT_EQ(run_dearth({"run", "-q", "--db", "all.db", "s.lua"}).exit_code, 0);
    ASSERT_EQ(run_dearth({"run", "-q", "--db", "sites.db", "--points", "sites", "s.lua"}).exit_code,
              0);
    ASSERT_EQ(
        run_dearth({"run", "-q", "--db", "sample.db", "--points", "sample:10", "s.lua"}).exit_code,
        0);
    const auto all = trials_in("all.db");
    const auto sites = trials_in("sites.db");
    EXPECT_LT(sites.size(), all.size());
    EXPECT_EQ(trials_in("sample.db").size(), 20u) << "10 points, once and persistent";
    for (const auto& [key, line] : sites)
        EXPECT_EQ(line.verdict, all.at(key).verdict) << key;
}

}  // namespace
}  // namespace dearth::harness
