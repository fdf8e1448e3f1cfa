// `run -- CMD` and engine exec on real programs and on ones that make it hard: from the command
// line to replay, under both strategies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <fmt/format.h>

#include "tests/end_to_end/dearth_process.h"
#include "tests/end_to_end/strategies.h"

namespace dearth::harness {
namespace {

using testing::HasSubstr;

constexpr const char* kProgram = DEARTH_UNFRIENDLY_PROGRAM;

std::string first_finding(const std::string& database) {
    for (const auto& [key, line] : trials_in(database)) {
        if (!line.finding_ids.empty())
            return line.finding_ids.front();
    }
    return {};
}

TEST(Program, IsSweptFromTheCommandLine) {
    const WorkFolder folder;
    const DearthRun run = run_dearth({"run", "-q", "--db", "r.db", "--", "lua5.4", "-e",
                                      "local t = {} for i = 1, 50 do t[i] = {} end print(#t)"});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("handled"));
    const auto trials = trials_in("r.db");
    EXPECT_GT(trials.size(), 100u) << verdicts_text(trials);
    EXPECT_TRUE(trials.contains("lua5.4 once 1 0"));
}

TEST(Program, TakesTheUsersEnvironmentAndFolder) {
    const WorkFolder folder;
    folder.write("input.txt", "x\n");
    const DearthRun run =
        run_dearth({"plan", "--", "sh", "-c", "test \"$MINE\" = 'a b' && test -f input.txt"},
                   {{"MINE", "a b"}});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("requests"));
    folder.write("s.dearth.yaml",
                 "version: 1\ntarget: { engine: exec, run: [sh, -c, 'test -z \"$MINE\"'] }\n");
    EXPECT_EQ(run_dearth({"plan", "s.dearth.yaml"}, {{"MINE", "a b"}}).exit_code, 0);
}

TEST(Program, IsListedByItsCommand) {
    const DearthRun run = run_dearth({"list", "--", "/bin/echo", "a b", "it's"});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_THAT(run.out, HasSubstr("echo"));
    EXPECT_THAT(run.out, HasSubstr("/bin/echo 'a b' 'it'\\''s'"));
}

TEST(Program, AFindingIsReplayedFromAnywhere) {
    const WorkFolder folder;
    const std::string database = folder.path() + "/r.db";
    const DearthRun run = run_dearth({"run", "-q", "--db", database, "--", kProgram, "null"});
    ASSERT_EQ(run.exit_code, 1) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("confirmed 3/3"));
    const std::string id = first_finding(database);
    ASSERT_FALSE(id.empty());
    const WorkFolder elsewhere;
    const DearthRun replay = run_dearth({"replay", "--db", database, id.substr(0, 8)});
    EXPECT_EQ(replay.exit_code, 1) << replay.out << replay.err;
    EXPECT_THAT(replay.out, HasSubstr("shows again"));
    EXPECT_THAT(replay.out, HasSubstr("crash"));
}

TEST(Program, AReplaySaysWhenTheFolderIsGone) {
    std::string id;
    const WorkFolder folder;
    const std::string database = folder.path() + "/r.db";
    {
        const WorkFolder there;
        ASSERT_EQ(run_dearth({"run", "-q", "--db", database, "--", kProgram, "null"}).exit_code, 1);
        id = first_finding(database);
    }
    const DearthRun replay = run_dearth({"replay", "--db", database, id});
    EXPECT_EQ(replay.exit_code, 2) << replay.out;
    EXPECT_THAT(replay.err, HasSubstr("where the sweep ran: No such file or directory"));
}

TEST(Program, ItsStatusMayBeAnotherOne) {
    const WorkFolder folder;
    const DearthRun refused = run_dearth({"run", "-q", "--", kProgram, "status"});
    EXPECT_EQ(refused.exit_code, 3);
    EXPECT_THAT(refused.out, HasSubstr("it exits with status 7"));
    EXPECT_THAT(refused.out, HasSubstr("expect.baseline.exit"));
    folder.write("s.dearth.yaml", fmt::format("version: 1\ntarget: {{ engine: exec, run: [{}, "
                                              "status] }}\nexpect: {{ baseline: {{ exit: 7 }}, "
                                              "outcome: [ok, 'exit:1'] }}\n",
                                              kProgram));
    const DearthRun run = run_dearth({"run", "-q", "--db", "r.db", "s.dearth.yaml"});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    EXPECT_THAT(verdicts_text(trials_in("r.db")), HasSubstr("handled"));
}

TEST(Program, ReadsTheScenariosInputFromTheStartInEveryTrial) {
    const WorkFolder folder;
    folder.write("words.txt", "one\ntwo\nthree\n");
    folder.write("s.dearth.yaml",
                 "version: 1\nname: input\ntarget:\n  engine: exec\n"
                 "  run: [lua5.4, -e, 'for l in io.lines() do io.write(#l, \" \") end']\n"
                 "  stdin: { file: words.txt }\n"
                 "inject: { points: sites }\nexpect: { baseline: { stdout: '3 3 5 ' } }\n");
    EXPECT_GT(expect_same_trials(folder.path() + "/s.dearth.yaml"), 0u);
}

// A trial that reads on while the forward run and its other trials do: with an offset shared among
// them each would miss what another one has read.
TEST(Program, ReadsItsOwnFilesFromTheStartInEveryTrial) {
    const WorkFolder folder;
    folder.write("shop.xml",
                 "<shop name='corner'><item id='1' price='2.50'>apple</item>"
                 "<item id='2'><note lang='en'>ripe</note></item><item id='3'/></shop>\n");
    folder.write("s.dearth.yaml",
                 fmt::format("version: 1\nname: document\ntarget: {{ engine: exec, run: [xmllint, "
                             "--format, {}/shop.xml] }}\n",
                             folder.path()));
    EXPECT_GT(expect_same_trials(folder.path() + "/s.dearth.yaml"), 0u);
}

TEST(Program, MayHaveAFolderOfItsOwnForEachTrial) {
    const WorkFolder folder;
    folder.write("s.dearth.yaml",
                 "version: 1\nname: folder\ntarget:\n  engine: exec\n  cwd: private\n"
                 "  run: [sh, -c, 'test -z \"$(ls)\" && echo x > left-behind && cat left-behind']\n"
                 "inject: { points: 'sample:5', kind: once }\n");
    const DearthRun run =
        run_dearth({"run", "-q", "--db", "r.db", "s.dearth.yaml"}, {{"TMPDIR", folder.path()}});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("by exec"));
    EXPECT_FALSE(std::filesystem::exists("left-behind"));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("dearth-run-")));
}

TEST(Program, ThreadsTakeExec) {
    const WorkFolder folder;
    const DearthRun run = run_dearth({"run", "-q", "--points", "sample:8", "--", "cxx-threads"});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("by exec"));
}

// What a program does to its own descriptors, folder and limits is its business: every point is
// swept all the same.
class Unfriendly : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Unfriendly, IsSweptAllTheSame) {
    const auto& [how, strategy] = GetParam();
    const WorkFolder folder;
    const DearthRun run =
        run_dearth({"run", "-q", "--strategy", strategy, "--db", "r.db", "--", kProgram, how});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    const auto trials = trials_in("r.db");
    EXPECT_GE(trials.size(), 16u);
    for (const auto& [key, line] : trials)
        EXPECT_EQ(line.verdict, Verdict::kHandled) << key << ": " << line.detail;
}

INSTANTIATE_TEST_SUITE_P(Programs, Unfriendly,
                         testing::Combine(testing::Values("close", "chdir", "chroot", "shrink",
                                                          "limit"),
                                          testing::Values("fork", "exec")),
                         [](const auto& instance) {
                             return std::get<0>(instance.param) + "_" + std::get<1>(instance.param);
                         });

}  // namespace
}  // namespace dearth::harness
