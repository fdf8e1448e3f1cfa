// Programs that cannot be swept: each is refused with its cause, a next step and the exit code of
// the documentation, before or right after the first start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/end_to_end/dearth_process.h"

namespace dearth::harness {
namespace {

using testing::HasSubstr;

// The report names the cause and a next step; nothing counts as tested.
void expect_refusal(const std::vector<std::string>& command, int exit_code,
                    const std::string& cause,
                    const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> arguments = {"run", "-q", "--"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    const DearthRun run = run_dearth(arguments, environment);
    EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr(cause));
    EXPECT_THAT(run.out, HasSubstr("next: "));
}

TEST(ProgramRefusal, CommandLine) {
    const WorkFolder folder;
    const auto expect_usage = [](const std::vector<std::string>& arguments,
                                 const std::string& cause) {
        const DearthRun run = run_dearth(arguments);
        EXPECT_EQ(run.exit_code, 2) << run.out;
        EXPECT_THAT(run.err, HasSubstr(cause));
        EXPECT_THAT(run.err, HasSubstr("dearth run [FLAGS] -- PROGRAM"));
    };
    expect_usage({"run", "--"}, "no program stands behind `--`");
    expect_usage({"run", "--", ""}, "no program stands behind `--`");
    expect_usage({"run", "x.lua", "--", "true"}, "`x.lua` stands before `--`");
    expect_usage({"run", "--engine", "lua", "--", "true"}, "--engine is for scripts");
    expect_usage({"check", "--", "true"}, "for run, plan and list");
}

TEST(ProgramRefusal, WhatIsNoProgram) {
    const WorkFolder folder;
    expect_refusal({"no-such-program-anywhere"}, 3, "no such program in PATH");
    expect_refusal({"./missing"}, 3, "No such file or directory");
    expect_refusal({"/tmp"}, 3, "it is a directory");
    folder.write("data", "x");
    expect_refusal({"./data"}, 3, "it is not executable");
    folder.write("script", "#!/no/such/interpreter\n");
    ASSERT_EQ(chmod("script", 0755), 0);
    expect_refusal({"./script"}, 3, "/no/such/interpreter (the interpreter of ./script)");
}

TEST(ProgramRefusal, WhatNothingCanBePreloadedInto) {
    const WorkFolder folder;
    expect_refusal({DEARTH_STATIC_PROGRAM}, 3, "it is statically linked");
    expect_refusal({DEARTH_OWN_MALLOC_PROGRAM}, 3, "it brings its own malloc");
#ifdef DEARTH_ASAN_PROGRAM
    expect_refusal({DEARTH_ASAN_PROGRAM}, 3, "AddressSanitizer is linked in");
#endif
}

TEST(ProgramRefusal, AShadowedInjectorIsNeverGreen) {
    const WorkFolder folder;
    expect_refusal({DEARTH_UNFRIENDLY_PROGRAM, "quiet"}, 4, "the injector is shadowed");
    // A library without any of ours in it stands for one that never got to attach.
    expect_refusal({"lua5.4", "-v"}, 4, "the injector is shadowed",
                   {{"DEARTH_PRELOAD_PATH", "/lib/x86_64-linux-gnu/libm.so.6"}});
}

TEST(ProgramRefusal, ThePreloadLibraryMustBeThere) {
    const WorkFolder folder;
    expect_refusal({"lua5.4", "-v"}, 3, "preload /no/such/library.so: not there",
                   {{"DEARTH_PRELOAD_PATH", "/no/such/library.so"}});
    folder.write("a folder/library.so", "");
    expect_refusal({"lua5.4", "-v"}, 3, "the loader takes blanks and colons for",
                   {{"DEARTH_PRELOAD_PATH", "a folder/library.so"}});
}

TEST(ProgramRefusal, BaselinesThatEndBadly) {
    const WorkFolder folder;
    expect_refusal({"sh", "-c", "echo no luck >&2; exit 3"}, 3, "it exits with status 3");
    expect_refusal({"sh", "-c", "echo no luck >&2; exit 3"}, 3, "no luck");
    expect_refusal({"sh", "-c", "kill -SEGV $$"}, 3, "it died of signal 11");
    const DearthRun run = run_dearth({"run", "-q", "--deadline", "300ms", "--", "sleep", "1000"});
    EXPECT_EQ(run.exit_code, 3) << run.out;
    EXPECT_THAT(run.out, HasSubstr("it did not end within"));
}

TEST(ProgramRefusal, FewDescriptorsAreNamedAsTheCause) {
    const WorkFolder folder;
    const DearthRun run = run_dearth({"run", "-q", "--", "lua5.4", "-v"});
    ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
    rlimit before = {};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few = {12, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    const DearthRun starved = run_dearth({"run", "-q", "--", "lua5.4", "-v"});
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(starved.exit_code, 70) << starved.out << starved.err;
    EXPECT_THAT(starved.out + starved.err, HasSubstr("ulimit -n"));
}

}  // namespace
}  // namespace dearth::harness
