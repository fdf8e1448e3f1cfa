// Programs of Debian under guards and ledger: what they do is what they do without us, and nothing
// is reported of them. Those that are not installed are skipped, and said so.
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/hooks/interpose/preloaded_program.h"

namespace dearth::tests {
namespace {

struct RealProgram {
    const char* name;
    std::string program;
    std::vector<std::string> arguments;
};

class RealProgramTest : public ::testing::TestWithParam<RealProgram> {};

TEST_P(RealProgramTest, RunsUnharmedWithNothingReported) {
    const RealProgram& real = GetParam();
    if (access(real.program.c_str(), X_OK) != 0)
        GTEST_SKIP() << real.program << " is not installed";
    ProgramPlan plan;
    plan.program = real.program;
    plan.arguments = real.arguments;
    plan.has_page = false;
    const ProgramResult plain = run_program(plan);
    plan.has_page = true;
    for (const uint32_t layers :
         {kPlainLayers, kPlainLayers | DEARTH_LAYER_QUARANTINE | DEARTH_LAYER_STACKS}) {
        plan.layers = layers;
        const ProgramResult result = run_program(plan);
        EXPECT_EQ(result.slot.misuse_count, 0u) << "kind " << result.slot.misuses[0].kind;
        EXPECT_EQ(result.exit.code, plain.exit.code);
        EXPECT_EQ(result.exit.was_signaled, plain.exit.was_signaled);
        EXPECT_EQ(result.out, plain.out);
        EXPECT_EQ(result.err, plain.err);
        EXPECT_EQ(result.slot.end, static_cast<uint32_t>(DEARTH_END_FINISHED));
        EXPECT_EQ(std::string(result.header.shadowed_by), "");
        EXPECT_GT(result.header.requests, 0u);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Debian, RealProgramTest,
    ::testing::Values(
        RealProgram{"lua",
                    "/usr/bin/lua5.4",
                    {"-e",
                     "local t = {} for i = 1, 200 do t[i] = 'x' "
                     ".. i end print(#table.concat(t))"}},
        RealProgram{"python", "/usr/bin/python3.11", {"-c", "print(sum(range(100)))"}},
        RealProgram{"sh", "/bin/sh", {"-c", "ls /usr | sort | head -3; echo $(echo nested)"}},
        RealProgram{"bash", "/bin/bash", {"-c", "a=(1 2 3); echo ${a[@]} $(ls / | wc -l)"}},
        RealProgram{"git", "/usr/bin/git", {"--version"}},
        RealProgram{"perl", "/usr/bin/perl", {"-e", "print join(',', map {$_ * 2} 1..20)"}},
        RealProgram{
            "sqlite",
            "/usr/bin/sqlite3",
            {":memory:", "create table t(a); insert into t values(1),(2); select * from t"}},
        RealProgram{"gawk", "/usr/bin/gawk", {"BEGIN { for (i = 0; i < 9; ++i) print i ^ 2 }"}},
        RealProgram{"jq", "/usr/bin/jq", {"-n", "[range(10)] | add"}},
        RealProgram{"xmllint", "/usr/bin/xmllint", {"--version"}},
        RealProgram{"curl", "/usr/bin/curl", {"--version"}},
        RealProgram{"gcc", "/usr/bin/gcc", {"--version"}}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace dearth::tests
