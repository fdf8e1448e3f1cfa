// A run that is killed at any moment loses no finished trial, and --resume ends where an
// uninterrupted run would.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "harness/store/result_reader.h"
#include "tests/end_to_end/dearth_process.h"

namespace dearth::harness {
namespace {

constexpr const char* kScript =
    "local t = {}\nfor i = 1, 150 do t[i] = ('x'):rep(i) .. i end\nprint(#table.concat(t))\n";

// True when the child has ended; waits for that at most so long.
bool has_ended_within(ChildProcess& child, int milliseconds) {
    pollfd wait = {child.exit_fd(), POLLIN, 0};
    return poll(&wait, 1, milliseconds) == 1;
}

// Trials in a file that is being written to; 0 while it cannot be read.
size_t trials_so_far(const std::string& database) {
    auto reader = ResultReader::open_existing(database);
    if (!reader)
        return 0;
    size_t count = 0;
    const auto scenarios = reader.value().scenarios();
    if (!scenarios)
        return 0;
    for (const ScenarioFacts& scenario : scenarios.value()) {
        const Status read = reader.value().for_each_trial(scenario.scenario_index,
                                                          [&](const TrialFinished&) -> Status {
                                                              ++count;
                                                              return Done{};
                                                          });
        if (!read)
            return 0;
    }
    return count;
}

// False: the run ended, or half a minute passed, before that many trials were in the file.
bool wait_for_trials(ChildProcess& dearth, const std::string& database, size_t wanted) {
    for (int turn = 0; turn < 3000; ++turn) {
        if (trials_so_far(database) >= wanted)
            return true;
        if (has_ended_within(dearth, 10))
            return false;
    }
    return false;
}

void expect_same_results(const std::map<std::string, TrialLine>& whole,
                         const std::map<std::string, TrialLine>& resumed) {
    ASSERT_EQ(whole.size(), resumed.size());
    for (const auto& [key, line] : whole) {
        const auto other = resumed.find(key);
        ASSERT_NE(other, resumed.end()) << key;
        EXPECT_EQ(line.verdict, other->second.verdict) << key;
        EXPECT_EQ(line.site, other->second.site) << key;
    }
}

class Resume : public testing::TestWithParam<std::string> {};

TEST_P(Resume, GoesOnAfterSigkillWithoutLoss) {
    const WorkFolder folder;
    folder.write("s.lua", kScript);
    ASSERT_EQ(run_dearth({"run", "-q", "--db", "whole.db", "s.lua"}).exit_code, 0);
    const std::vector<std::string> arguments = {
        "run", "-q", "-j", "1", "--strategy", GetParam(), "--db", "killed.db", "s.lua"};
    size_t seen = 0;
    {
        ChildProcess dearth = start_dearth(arguments);
        ASSERT_TRUE(wait_for_trials(dearth, "killed.db", 20));
        seen = trials_so_far("killed.db");
        dearth.kill_group();
        EXPECT_TRUE(dearth.wait().was_signaled) << "it must still have been running";
    }
    const size_t kept = trials_so_far("killed.db");
    EXPECT_GE(kept, seen) << "a finished trial was lost";
    const DearthRun resumed = run_dearth(
        {"run", "-q", "--resume", "--strategy", GetParam(), "--db", "killed.db", "s.lua"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err;
    expect_same_results(trials_in("whole.db"), trials_in("killed.db"));
}

INSTANTIATE_TEST_SUITE_P(EachStrategy, Resume, testing::Values("fork", "exec"),
                         [](const auto& instance) { return instance.param; });

TEST(Interrupt, FirstSignalWritesResultsAndExits130) {
    const WorkFolder folder;
    folder.write("s.lua", kScript);
    ChildProcess dearth =
        start_dearth({"run", "-q", "-j", "1", "--strategy", "exec", "--db", "r.db", "s.lua"});
    ASSERT_TRUE(wait_for_trials(dearth, "r.db", 5));
    ASSERT_EQ(kill(dearth.pid(), SIGINT), 0);
    const ExitReport exit = dearth.wait();
    EXPECT_FALSE(exit.was_signaled);
    EXPECT_EQ(exit.code, 130);
    auto reader = ResultReader::open_existing("r.db");
    ASSERT_TRUE(reader.ok());
    EXPECT_TRUE(reader.value().run().value().is_interrupted());
    const DearthRun resumed = run_dearth({"run", "-q", "--resume", "--db", "r.db", "s.lua"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
}

// The parent of a process, from the fourth field of its stat line; 0 when it is gone.
pid_t parent_of(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos)
        return 0;
    return static_cast<pid_t>(std::strtol(text.c_str() + name_end + 4, nullptr, 10));
}

// Kills a child of `parent`; false: it has none now.
bool kill_a_child_of(pid_t parent) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos || parent_of(name) != parent)
            continue;
        return kill(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)), SIGKILL) == 0;
    }
    return false;
}

// Slow enough by itself that a process can be caught in the act.
constexpr const char* kSlowScript =
    "local n = 0 for i = 1, 3000000 do n = n + i end\n"
    "local t = {} for i = 1, 12 do t[i] = {} for j = 1, 300000 do n = n + j end end print(#t)\n";

TEST(KilledEngine, IsInconclusiveAndTheSweepGoesOn) {
    const WorkFolder folder;
    folder.write("s.lua", kSlowScript);
    ChildProcess dearth =
        start_dearth({"run", "-q", "-j", "1", "--strategy", "exec", "--db", "r.db", "s.lua"});
    ASSERT_TRUE(wait_for_trials(dearth, "r.db", 1));
    bool was_killed = false;
    for (int turn = 0; turn < 1000 && !was_killed; ++turn) {
        was_killed = kill_a_child_of(dearth.pid());
        ASSERT_FALSE(has_ended_within(dearth, 1));
    }
    ASSERT_TRUE(was_killed);
    const ExitReport exit = dearth.wait();
    EXPECT_FALSE(exit.was_signaled);
    EXPECT_EQ(exit.code, 6) << "a trial that could not be judged leaves the run incomplete";
    const auto trials = trials_in("r.db");
    size_t inconclusive = 0;
    for (const auto& [key, line] : trials) {
        inconclusive += line.verdict == Verdict::kInconclusive;
        if (line.verdict == Verdict::kInconclusive) {
            EXPECT_NE(line.detail.find("by SIGKILL"), std::string::npos) << key << line.detail;
        }
    }
    EXPECT_EQ(inconclusive, 1u) << verdicts_text(trials);
    EXPECT_GT(trials.size(), 10u);
}

// The forward run dies, and its children with it: what it did not reach, exec does.
TEST(KilledEngine, ThatWasSplittingOffPointsLosesNone) {
    const WorkFolder folder;
    folder.write("s.lua", kSlowScript);
    ASSERT_EQ(run_dearth({"run", "-q", "--db", "whole.db", "s.lua"}).exit_code, 0);
    ChildProcess dearth =
        start_dearth({"run", "-q", "-j", "1", "--strategy", "fork", "--db", "r.db", "s.lua"});
    ASSERT_TRUE(wait_for_trials(dearth, "r.db", 1));
    ASSERT_TRUE(kill_a_child_of(dearth.pid()));
    EXPECT_EQ(dearth.wait().code, 0);
    expect_same_results(trials_in("whole.db"), trials_in("r.db"));
}

}  // namespace
}  // namespace dearth::harness
