// Every bad input: a documented exit code and a message that names place, cause and next step. The
// messages are approved text, so a change of words is seen in review.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include <fmt/format.h>

#include "tests/end_to_end/dearth_process.h"
#include "tests/harness/scenario/broken_scenarios.h"
#include "tests/support/approve.h"

namespace dearth::harness {
namespace {

// Run ids, times and the build's folders differ from run to run.
std::string steady(std::string text) {
    const std::pair<std::regex, std::string> replacements[] = {
        {std::regex(DEARTH_BUILD_FOLDER), "BIN"},
        {std::regex("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"), "RUN"},
        {std::regex("in [0-9.]+ (s|min)"), "in TIME"},
        {std::regex("dearth [0-9.]+   run [0-9a-f]{8}"), "dearth VERSION   run ID"},
        {std::regex("Summary \\[[0-9.]+ s\\]"), "Summary [TIME]"},
    };
    for (const auto& [pattern, with] : replacements)
        text = std::regex_replace(text, pattern, with);
    return text;
}

void expect_refusal(const std::string& name, const std::vector<std::string>& arguments,
                    int exit_code, const std::map<std::string, std::string>& environment = {}) {
    const DearthRun run = run_dearth(arguments, environment);
    EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
    EXPECT_TRUE(is_approved(fmt::format("{}/bad_input/{}.txt", DEARTH_APPROVED_FOLDER, name),
                            fmt::format("exit {}\n{}", run.exit_code, steady(run.err))));
}

// A scenario that cannot be judged is told in the report.
void expect_unjudged(const std::string& name, const std::string& path) {
    const DearthRun run = run_dearth({"run", "-q", "-j", "1", path});
    EXPECT_EQ(run.exit_code, 3) << run.out << run.err;
    EXPECT_TRUE(is_approved(fmt::format("{}/bad_input/{}.txt", DEARTH_APPROVED_FOLDER, name),
                            fmt::format("exit {}\n{}", run.exit_code, steady(run.out))));
}

TEST(BadInput, NoScenarioNamed) {
    const WorkFolder folder;
    expect_refusal("no_scenario", {"run"}, 2);
}

TEST(BadInput, UnknownCommandAndFlag) {
    const WorkFolder folder;
    expect_refusal("unknown_command", {"rnu", "x.lua"}, 2);
    expect_refusal("unknown_flag", {"run", "--stratgy", "fork", "x.lua"}, 2);
    expect_refusal("bad_strategy", {"run", "--strategy", "telepathy", "x.lua"}, 2);
}

TEST(BadInput, MissingPath) {
    const WorkFolder folder;
    expect_refusal("missing_scenario", {"run", "missing.dearth.yaml"}, 2);
    expect_refusal("missing_script", {"run", "missing.lua"}, 2);
}

TEST(BadInput, UnreadableScript) {
    const WorkFolder folder;
    folder.write("s.dearth.yaml",
                 "version: 1\ntarget:\n  engine: lua\n  script: { file: gone.lua }\n");
    expect_refusal("script_of_scenario_missing", {"run", "s.dearth.yaml"}, 2);
    std::filesystem::create_directory("folder.lua");
    expect_refusal("script_is_a_folder", {"run", "--engine", "lua", "folder.lua"}, 2);
    // Root reads what nobody may read; a link to itself holds back even root.
    std::filesystem::create_symlink("loop.lua", "loop.lua");
    expect_refusal("script_unreadable", {"run", "loop.lua"}, 2);
    folder.write("loop.dearth.yaml",
                 "version: 1\ntarget:\n  engine: lua\n  script: { file: loop.lua }\n");
    expect_refusal("script_of_scenario_unreadable", {"run", "loop.dearth.yaml"}, 2);
}

TEST(BadInput, FolderWithoutScenarios) {
    const WorkFolder folder;
    folder.write("empty/readme.txt", "nothing");
    expect_refusal("empty_folder", {"run", "empty"}, 4);
}

TEST(BadInput, NameThatMatchesNothing) {
    const WorkFolder folder;
    folder.write("s.lua", "print(1)");
    expect_refusal("no_name_matches", {"run", "--name", "other*", "s.lua"}, 4);
}

TEST(BadInput, ScenarioWithSeveralMistakes) {
    const WorkFolder folder;
    folder.write(
        "s.dearth.yaml",
        "version: 1\ntarget:\n  enigne: lua\n  script: print(1)\nlimits: { timeout: 5 parsecs }\n"
        "inject: { kind: sometimes }\n");
    expect_refusal("several_mistakes", {"run", "s.dearth.yaml"}, 2);
    expect_refusal("several_mistakes_check", {"check", "s.dearth.yaml"}, 2);
}

TEST(BadInput, EmptyScenario) {
    const WorkFolder folder;
    folder.write("empty.dearth.yaml", "");
    expect_refusal("empty_scenario", {"run", "empty.dearth.yaml"}, 2);
    expect_refusal("empty_scenario_check", {"check", "empty.dearth.yaml"}, 2);
}

// The words are approved by the loader's own tests; here: each file is named with a place, none
// hides another, and nothing is run.
TEST(BadInput, YamlOfEveryWrongKind) {
    const WorkFolder folder;
    std::vector<std::string> files;
    for (const BrokenTheme& theme : broken_themes()) {
        for (const BrokenScenario& broken : theme.scenarios)
            files.push_back(folder.write(
                fmt::format("broken/{}-{:03}.dearth.yaml", theme.name, files.size()), broken.yaml));
    }
    ASSERT_GT(files.size(), 100u);
    for (const std::string command : {"check", "run"}) {
        const DearthRun run = run_dearth({command, "broken"});
        EXPECT_EQ(run.exit_code, 2) << run.err;
        for (const std::string& file : files)
            EXPECT_TRUE(
                std::regex_search(run.err, std::regex(file + ":[0-9]+:[0-9]+: error\\[[a-z0-9-]+")))
                << file;
    }
    EXPECT_FALSE(std::filesystem::exists(".dearth"));
}

TEST(BadInput, BadOverrides) {
    const WorkFolder folder;
    folder.write("s.lua", "print(1)");
    expect_refusal("bad_points", {"run", "--points", "many", "s.lua"}, 2);
    expect_refusal("points_upside_down", {"run", "--points", "5..2", "s.lua"}, 2);
    expect_refusal("bad_kind", {"run", "--kind", "twice", "s.lua"}, 2);
    expect_refusal("bad_inject", {"run", "--inject", "nth=17;onec", "s.lua"}, 2);
    expect_refusal("bad_deadline", {"run", "--deadline", "soon", "s.lua"}, 2);
    expect_refusal("bad_report", {"run", "--report", "pdf=x", "s.lua"}, 2);
    expect_refusal("report_without_file", {"run", "--report", "jsonl", "s.lua"}, 2);
    expect_refusal("report_into_nowhere",
                   {"run", "--report", "jsonl=no/such/folder.jsonl", "s.lua"}, 2);
    expect_refusal("results_into_nowhere", {"run", "--db", "no/such/r.db", "s.lua"}, 2);
}

TEST(BadInput, EngineNotBuilt) {
    const WorkFolder folder;
    folder.write("s.lua", "print(1)");
    std::filesystem::create_directory("engines");
    const DearthRun run = run_dearth({"run", "-q", "s.lua"}, {{"DEARTH_ENGINE_PATH", "engines"}});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_NE(run.out.find("dearth-engine-lua: not built"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("dearth doctor"), std::string::npos) << run.out;
    folder.write("p.dearth.yaml", "version: 1\ntarget: { engine: c-api, run: [./no-such] }\n");
    const DearthRun program = run_dearth({"run", "-q", "p.dearth.yaml"});
    EXPECT_EQ(program.exit_code, 3);
    EXPECT_NE(program.out.find("./no-such"), std::string::npos) << program.out;
}

TEST(BadInput, BinaryChunk) {
    const WorkFolder folder;
    folder.write("chunk.lua", "\x1bLuaT and so on");
    expect_unjudged("binary_chunk", "chunk.lua");
}

TEST(BadInput, ScriptThatMisusesTheHeapByItself) {
    const WorkFolder folder;
    folder.write("over.py",
                 "import ctypes\napi = ctypes.pythonapi\n"
                 "api.PyMem_Malloc.restype = ctypes.c_void_p\n"
                 "api.PyMem_Malloc.argtypes = [ctypes.c_size_t]\n"
                 "api.PyMem_Free.argtypes = [ctypes.c_void_p]\n"
                 "block = api.PyMem_Malloc(64)\nctypes.memset(block, 0, 65)\n"
                 "api.PyMem_Free(block)\n");
    const DearthRun run = run_dearth({"run", "-q", "over.py"});
    EXPECT_EQ(run.exit_code, 3);
    for (const std::string part :
         {"fails without any fault: it misuses the heap",
          "overflow: 1 byte written 0 bytes past the end of a 64-byte block", "found at ",
          "block made ", "ffi_call", "next: mend that first"})
        EXPECT_NE(run.out.find(part), std::string::npos) << part << "\n" << run.out;
}

TEST(BadInput, ScriptThatFailsByItself) {
    const WorkFolder folder;
    folder.write("s.lua", "error('no such luck')");
    const DearthRun run = run_dearth({"run", "-q", "s.lua"});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_NE(run.out.find("s.lua:1: no such luck"), std::string::npos) << run.out;
    folder.write("syntax.py", "def f(:\n");
    const DearthRun syntax = run_dearth({"run", "-q", "syntax.py"});
    EXPECT_EQ(syntax.exit_code, 3);
    EXPECT_NE(syntax.out.find("SyntaxError"), std::string::npos) << syntax.out;
}

TEST(BadInput, ScriptThatNeverEnds) {
    const WorkFolder folder;
    folder.write("s.lua", "while true do end");
    const DearthRun run = run_dearth({"run", "-q", "--deadline", "300ms", "s.lua"});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_NE(run.out.find("it did not end within 300 ms"), std::string::npos) << run.out;
}

TEST(BadInput, ScriptThatKillsItsProcess) {
    const WorkFolder folder;
    folder.write("s.lua", "os.exit(7)");
    const DearthRun run = run_dearth({"run", "-q", "s.lua"});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_NE(run.out.find("it left early with status 7"), std::string::npos) << run.out;
    folder.write("kill.py", "import os\nos.kill(os.getpid(), 9)\n");
    const DearthRun killed = run_dearth({"run", "-q", "kill.py"});
    EXPECT_EQ(killed.exit_code, 3);
    EXPECT_NE(killed.out.find("it died of signal 9 (Killed)"), std::string::npos) << killed.out;
}

TEST(BadInput, DamagedResultsFiles) {
    const WorkFolder folder;
    folder.write("s.lua", "print(string.rep('x', 10))");
    ASSERT_EQ(run_dearth({"run", "-q", "--db", "good.db", "s.lua"}).exit_code, 0);
    folder.write("garbage.db",
                 "this is no database, whatever its name says, and it is long enough");
    expect_refusal("results_garbage", {"report", "garbage.db"}, 2);
    expect_refusal("results_missing", {"report", "missing.db"}, 2);
    expect_refusal("results_folder", {"report", "."}, 2);
    std::filesystem::copy_file("good.db", "cut.db");
    std::filesystem::resize_file("cut.db", std::filesystem::file_size("cut.db") / 2);
    expect_refusal("results_cut", {"report", "cut.db"}, 2);
    std::filesystem::copy_file("good.db", "newer.db");
    {
        std::fstream file("newer.db", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(60);  // SQLite's user_version: 4 bytes, big-endian
        file.write("\0\0\0\x63", 4);
    }
    expect_refusal("results_newer", {"report", "newer.db"}, 2);
    expect_refusal("results_newer_resume", {"run", "--resume", "--db", "newer.db", "s.lua"}, 2);
    expect_refusal("results_cut_resume", {"run", "--resume", "--db", "cut.db", "s.lua"}, 2);
    expect_refusal("results_overwrite", {"run", "-q", "--db", "good.db", "s.lua"}, 2);
}

TEST(BadInput, FindingsThatAreNotThere) {
    const WorkFolder folder;
    expect_refusal("replay_without_results", {"replay", "9c0f2a77"}, 2);
    folder.write("s.lua", "print(string.rep('x', 10))");
    ASSERT_EQ(run_dearth({"run", "-q", "--db", "r.db", "s.lua"}).exit_code, 0);
    expect_refusal("replay_unknown_id", {"replay", "--db", "r.db", "9c0f2a77"}, 2);
    expect_refusal("explain_unknown", {"explain", "DT9999"}, 2);
    expect_refusal("resume_nothing", {"run", "--resume", "s.lua"}, 2);
}

// A file system that is soon full, at `folder`; false where we may not mount one.
class SmallFileSystem {
public:
    explicit SmallFileSystem(std::string folder) : folder_(std::move(folder)) {
        std::filesystem::create_directory(folder_);
        is_mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=256k") == 0;
    }
    ~SmallFileSystem() {
        if (is_mounted_)
            umount(folder_.c_str());
    }
    SmallFileSystem(const SmallFileSystem&) = delete;
    SmallFileSystem& operator=(const SmallFileSystem&) = delete;
    bool is_mounted() const { return is_mounted_; }
    bool grow() const {
        return mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, "size=128m") == 0;
    }

private:
    std::string folder_;
    bool is_mounted_ = false;
};

TEST(BadInput, DiskFullKeepsWhatIsFinished) {
    const WorkFolder folder;
    folder.write("s.lua", "local t = {} for i = 1, 1500 do t[i] = {i} end print(#t)");
    const SmallFileSystem small("small");
    if (!small.is_mounted())
        GTEST_SKIP() << "no right to mount here; the store's own tests cover a full disk";
    const DearthRun run = run_dearth({"run", "-q", "--db", "small/r.db", "s.lua"});
    EXPECT_EQ(run.exit_code, 70) << run.out << run.err;
    EXPECT_NE(run.err.find("small/r.db"), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("--resume"), std::string::npos) << run.err;
    ASSERT_TRUE(small.grow());
    const size_t kept = trials_in("small/r.db").size();
    EXPECT_GT(kept, 0u);
    const DearthRun resumed = run_dearth({"run", "-q", "--resume", "--db", "small/r.db", "s.lua"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_GT(trials_in("small/r.db").size(), kept);
}

TEST(BadInput, DiskFullWhileAReportIsWritten) {
    const WorkFolder folder;
    folder.write("s.lua", "print(1)");
    expect_refusal("report_disk_full", {"run", "-q", "--report", "jsonl=/dev/full", "s.lua"}, 70);
}

}  // namespace
}  // namespace dearth::harness
