// `dearth memcheck`: what it finds on planted defects, in lines that CTest's parser for Valgrind
// counts, and what it answers to bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/end_to_end/dearth_process.h"

namespace dearth::harness {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kProgram = DEARTH_HEAP_DEFECTS;

DearthRun memcheck(std::vector<std::string> flags, const std::string& defect) {
    flags.insert(flags.begin(), "memcheck");
    flags.insert(flags.end(), {kProgram, defect});
    return run_dearth(flags);
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Memcheck, TellsEachDefectInValgrindsLines) {
    const WorkFolder folder;
    const auto expect = [](const std::string& defect, const std::string& line) {
        const DearthRun run = memcheck({"-q", "--tool=memcheck", "--leak-check=yes"}, defect);
        EXPECT_EQ(run.exit_code, 86) << defect << run.err;
        EXPECT_THAT(run.err, ContainsRegex("(^|\n)==[0-9]+== " + line)) << defect;
    };
    expect("over", "Invalid write of size 2\n==[0-9]+==    at 0x[0-9a-f]+: main ");
    expect("under", "Invalid write of size 1\n");
    expect("uaf", "Invalid write of size 1\n");
    expect("double", "Invalid free\\(\\) / delete / delete\\[\\]");
    expect("interior", "Invalid free\\(\\) / delete / delete\\[\\]");
    expect("leak", "100 bytes in 1 blocks are definitely lost in loss record [0-9]+ of [0-9]+\n");
}

TEST(Memcheck, SeesReadsOnBothSidesWithPages) {
    const WorkFolder folder;
    for (const char* defect : {"overread", "underread"}) {
        const DearthRun run = memcheck({"-q", "--guard=both"}, defect);
        EXPECT_EQ(run.exit_code, 86) << defect << run.err;
        EXPECT_THAT(run.err, HasSubstr("Invalid read of size 1"));
        EXPECT_EQ(memcheck({"-q"}, defect).exit_code, 0) << "guard bytes do not see reads";
    }
}

TEST(Memcheck, LeavesACleanProgramAlone) {
    const WorkFolder folder;
    for (const char* guard : {"--guard=bytes", "--guard=page", "--guard=both"}) {
        const DearthRun run =
            memcheck({"-q", guard, "--leak-check=yes", "--show-reachable=yes"}, "none");
        EXPECT_EQ(run.exit_code, 0) << guard;
        EXPECT_EQ(run.out, "done\n") << guard;
        EXPECT_THAT(run.err, IsEmpty()) << guard;
    }
    EXPECT_EQ(memcheck({"-q"}, "three").exit_code, 3);
    EXPECT_EQ(memcheck({"-q"}, "crash").exit_code, 128 + 11);
}

TEST(Memcheck, WritesItsLogAndExitsAsAsked) {
    const WorkFolder folder;
    EXPECT_EQ(memcheck({"--log-file=log.txt", "--error-exitcode=7"}, "double").exit_code, 7);
    EXPECT_THAT(text_of("log.txt"), HasSubstr("ERROR SUMMARY: 1 errors from 1 contexts"));
    EXPECT_EQ(memcheck({"--log-file=%p.log", "--error-exitcode=0"}, "double").exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists("%p.log"));
    EXPECT_EQ(memcheck({"-q", "--leak-check=no"}, "leak").exit_code, 0);
}

TEST(Memcheck, RefusesBadInput) {
    const WorkFolder folder;
    const auto expect = [](const std::vector<std::string>& words, int exit_code,
                           const std::string& cause) {
        const DearthRun run = run_dearth(words);
        EXPECT_EQ(run.exit_code, exit_code) << run.err;
        EXPECT_THAT(run.err, HasSubstr(cause));
        EXPECT_THAT(run.err, HasSubstr("next: "));
        EXPECT_THAT(run.out, Not(HasSubstr("done"))) << "the program must not run";
    };
    expect({"memcheck"}, 2, "no program is named");
    expect({"memcheck", "--leak-chek=full", kProgram}, 2, "did you mean `--leak-check`?");
    expect({"memcheck", "--leak-check=some", kProgram}, 2, "--leak-check takes no, summary, full");
    expect({"memcheck", "--guard", kProgram}, 2, "--guard needs a value");
    expect({"memcheck", "--error-exitcode=256", kProgram}, 2, "from 0 to 255, not `256`");
    expect({"memcheck", "--tool=helgrind", kProgram}, 2, "--tool takes memcheck");
    expect({"memcheck", "--log-file=", kProgram}, 2, "--log-file names no file");
    expect({"memcheck", "--log-file=no/such/log", kProgram}, 2, "No such file or directory");
    expect({"memcheck", "./missing"}, 3, "No such file or directory");
    expect({"memcheck", DEARTH_STATIC_PROGRAM}, 3, "it is statically linked");
}

}  // namespace
}  // namespace dearth::harness
