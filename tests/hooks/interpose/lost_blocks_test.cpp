// Lost and reachable blocks of whole programs, held against LeakSanitizer's verdict on the same
// program.
#include <gmock/gmock.h>

#include <unistd.h>

#include <algorithm>
#include <regex>

#include "tests/hooks/interpose/preloaded_program.h"

namespace dearth::tests {
namespace {

constexpr uint32_t kLeakChecks = DEARTH_CHECK_LEAKS | DEARTH_CHECK_REACHABLE;

struct Lost {
    uint64_t blocks = 0;
    uint64_t bytes = 0;
    bool operator==(const Lost&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Lost& lost) {
    return out << lost.bytes << " bytes in " << lost.blocks << " blocks";
}

ProgramPlan leaving(const std::string& way) {
    ProgramPlan plan;
    plan.program = target_path("leaks");
    plan.arguments = {way};
    plan.checks = kLeakChecks;
    return plan;
}

Lost found_by_us(const ProgramPlan& plan) {
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 0) << result.err;
    EXPECT_EQ(result.slot.end, static_cast<uint32_t>(DEARTH_END_FINISHED));
    EXPECT_EQ(result.slot.reachability, static_cast<uint32_t>(DEARTH_REACHABILITY_KNOWN));
    Lost lost;
    for (const dearth_leftover& entry : result.leftovers) {
        lost.blocks += entry.lost_blocks;
        lost.bytes += entry.lost_bytes;
    }
    return lost;
}

Lost found_by_lsan(const std::string& way) {
    ProgramPlan plan;
    plan.program = target_path("leaks_lsan");
    plan.arguments = {way};
    plan.is_preloaded = false;
    plan.has_page = false;
    const ProgramResult result = run_program(plan);
    std::smatch numbers;
    const std::regex summary("SUMMARY: LeakSanitizer: ([0-9]+) byte.* in ([0-9]+) alloc");
    if (!std::regex_search(result.err, numbers, summary)) {
        EXPECT_EQ(result.exit.code, 0) << result.err;
        return {};
    }
    return {std::stoull(numbers[2]), std::stoull(numbers[1])};
}

class LostBlocksTest : public ::testing::TestWithParam<const char*> {};

TEST_P(LostBlocksTest, AreThoseThatLeakSanitizerFinds) {
    EXPECT_EQ(found_by_us(leaving(GetParam())), found_by_lsan(GetParam()));
}

TEST_P(LostBlocksTest, AreTheSameWithoutGuardBytes) {
    ProgramPlan plan = leaving(GetParam());
    plan.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER;
    EXPECT_EQ(found_by_us(plan), found_by_lsan(GetParam()));
}

TEST_P(LostBlocksTest, AreTheSameUnderThePageGuard) {
    ProgramPlan plan = leaving(GetParam());
    plan.layers = kPlainLayers | DEARTH_LAYER_PAGE_GUARD;
    EXPECT_EQ(found_by_us(plan), found_by_lsan(GetParam()));
}

std::string name_of(const ::testing::TestParamInfo<const char*>& instance) {
    std::string name = instance.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Ways, LostBlocksTest,
                         ::testing::Values("global", "lost", "interior", "past-the-end", "tagged",
                                           "cookie", "thread-local", "chain", "lost-chain",
                                           "lost-rest", "lost-cycle", "in-freed-block",
                                           "at-odd-address", "specific", "environment", "large",
                                           "aligned", "in-shared-mapping", "on-stack",
                                           "in-register", "on-other-stack"),
                         name_of);

// The one difference, and why: interpreters keep their own arenas in such mappings.
TEST(LostBlockDifferenceTest, APrivateMappingIsARootForUsAndNotForLeakSanitizer) {
    EXPECT_EQ(found_by_us(leaving("in-private-mapping")), (Lost{0, 0}));
    EXPECT_EQ(found_by_lsan("in-private-mapping"), (Lost{1, 1008}));
}

// The thread's thread-local data lies in its stack, which libc keeps for the next thread.
TEST(LostBlockDifferenceTest, SoIsTheStackThatAnEndedThreadLeaves) {
    EXPECT_EQ(found_by_us(leaving("of-ended-thread")), (Lost{0, 0}));
    EXPECT_EQ(found_by_lsan("of-ended-thread"), (Lost{1, 1008}));
}

// LeakSanitizer dies here.
TEST(LostBlockDifferenceTest, AnUnreadablePageWithinABlockIsPassedOver) {
    EXPECT_EQ(found_by_us(leaving("behind-unreadable-page")), (Lost{0, 0}));
}

TEST(LostBlockTrialTest, ABlockThatTheBaselineLeavesReachableIsALeakWhenItIsLost) {
    ProgramPlan plan = leaving("global");
    const ProgramResult baseline = run_program(plan);
    plan = leaving("lost");
    plan.mode = DEARTH_MODE_SINGLE;
    plan.schedule = "nth=100000000";
    plan.leftovers = baseline.leftovers;
    const ProgramResult trial = run_program(plan);
    EXPECT_EQ(trial.slot.leak_blocks, 1u);
    EXPECT_EQ(trial.slot.lost_blocks, 1u);
    EXPECT_EQ(trial.slot.lost_bytes, 1008u);
    plan.arguments = {"global"};
    EXPECT_EQ(run_program(plan).slot.leak_blocks, 0u);
}

TEST(LostBlockTrialTest, NothingIsSaidOfLostBlocksUnlessAskedFor) {
    ProgramPlan plan = leaving("lost");
    plan.checks = DEARTH_CHECK_LEAKS;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.slot.reachability, static_cast<uint32_t>(DEARTH_REACHABILITY_UNASKED));
    for (const dearth_leftover& entry : result.leftovers)
        EXPECT_EQ(entry.lost_blocks, 0u);
}

// Interpreters that free all, or keep all in arenas of their own.
TEST(LostBlockProgramTest, NothingIsLostWhereNothingIs) {
    const std::map<std::string, std::vector<std::string>> programs = {
        {"/usr/bin/lua5.4", {"-e", "x = {} for i = 1, 1000 do x[i] = {i} end os.exit(0)"}},
        {"/usr/bin/python3.11", {"-c", "import json, re; x = [[i] for i in range(10000)]"}},
        {"/usr/bin/sqlite3", {":memory:", "create table t(a); insert into t values(1);"}}};
    for (const auto& [program, arguments] : programs) {
        if (access(program.c_str(), X_OK) != 0)
            continue;
        ProgramPlan plan;
        plan.program = program;
        plan.arguments = arguments;
        plan.checks = kLeakChecks;
        EXPECT_EQ(found_by_us(plan), (Lost{0, 0})) << program;
    }
}

}  // namespace
}  // namespace dearth::tests
