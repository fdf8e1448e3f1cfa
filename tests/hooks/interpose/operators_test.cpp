// operator new and delete under the library: families told apart, failures as the standard has
// them, and programs that replace a few forms of their own.
#include <gmock/gmock.h>

#include "tests/hooks/interpose/preloaded_program.h"

namespace dearth::tests {
namespace {

ProgramPlan operators(const std::string& what) {
    ProgramPlan plan;
    plan.program = target_path("cxx_operators");
    plan.arguments = {what};
    return plan;
}

TEST(OperatorsTest, PairsThatBelongTogetherAreNoMisuse) {
    const ProgramResult result = run_program(operators("all"));
    EXPECT_EQ(result.out, "aligned\n");
    EXPECT_EQ(result.slot.misuse_count, 0u);
    EXPECT_EQ(result.exit.code, 0);
}

TEST(OperatorsTest, PairsThatBelongTogetherAreNoMisuseWithStacks) {
    ProgramPlan plan = operators("all");
    plan.layers |= DEARTH_LAYER_STACKS;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.slot.misuse_count, 0u);
}

TEST(OperatorsTest, ThrowOrReturnNullAsTheirFormSays) {
    ProgramPlan plan = operators("failing");
    plan.mode = DEARTH_MODE_SINGLE;
    plan.schedule = "nth=1..;persistent;phase=run";
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.err,
              "bad_alloc bad_alloc null null bad_alloc bad_alloc null null\n"
              "bad_alloc after 3 calls\n"
              "null after 1 calls\n");
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_FALSE(result.exit.was_signaled);
}

struct Mismatch {
    const char* what;
    uint32_t block_family;
    uint32_t family;
    uint64_t told_bytes;
};

class MismatchTest : public ::testing::TestWithParam<Mismatch> {};

TEST_P(MismatchTest, IsReportedOnceAndTheProgramGoesOn) {
    const Mismatch& expected = GetParam();
    for (const uint32_t layers : {kPlainLayers, kPlainLayers | DEARTH_LAYER_STACKS,
                                  uint32_t{DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER}}) {
        ProgramPlan plan = operators(expected.what);
        plan.layers = layers;
        const ProgramResult result = run_program(plan);
        ASSERT_EQ(result.slot.misuse_count, 1u) << "layers " << layers;
        const dearth_misuse& misuse = result.slot.misuses[0];
        EXPECT_EQ(misuse.kind, static_cast<uint32_t>(DEARTH_MISUSE_MISMATCHED_FREE));
        EXPECT_EQ(misuse.block_family, expected.block_family);
        EXPECT_EQ(misuse.family, expected.family);
        EXPECT_EQ(misuse.told_size_bytes, expected.told_bytes);
        EXPECT_EQ(misuse.block_size_bytes, 48u);
        EXPECT_GT(misuse.detected.depth, 0u);
        EXPECT_EQ(result.exit.code, 0);
        EXPECT_FALSE(result.exit.was_signaled);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Families, MismatchTest,
    ::testing::Values(Mismatch{"new-free", DEARTH_FAMILY_NEW, DEARTH_FAMILY_MALLOC, 0},
                      Mismatch{"malloc-delete", DEARTH_FAMILY_MALLOC, DEARTH_FAMILY_NEW, 0},
                      Mismatch{"array-delete", DEARTH_FAMILY_NEW_ARRAY, DEARTH_FAMILY_NEW, 0},
                      Mismatch{"new-delete-array", DEARTH_FAMILY_NEW, DEARTH_FAMILY_NEW_ARRAY, 0},
                      Mismatch{"new-realloc", DEARTH_FAMILY_NEW, DEARTH_FAMILY_MALLOC, 0},
                      Mismatch{"aligned-free", DEARTH_FAMILY_NEW, DEARTH_FAMILY_MALLOC, 0},
                      Mismatch{"sized", DEARTH_FAMILY_NEW, DEARTH_FAMILY_NEW, 47}),
    [](const auto& instance) {
        std::string name = instance.param.what;
        std::erase(name, '-');
        return name;
    });

TEST(OperatorsTest, FormsThatAreNotReplacedComeOutInThoseThatAre) {
    ProgramPlan plan;
    plan.program = target_path("replaced_operators");
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.out, "6 news, 6 deletes\n");
    EXPECT_EQ(result.slot.misuse_count, 0u);
    EXPECT_EQ(result.exit.code, 0);
}

TEST(OperatorsTest, ThreadsAndExceptionsRunUnharmed) {
    for (const uint32_t layers : {kPlainLayers, kPlainLayers | DEARTH_LAYER_STACKS}) {
        ProgramPlan plan = operators("threads");
        plan.layers = layers;
        const ProgramResult result = run_program(plan);
        EXPECT_EQ(result.exit.code, 0);
        EXPECT_FALSE(result.exit.was_signaled);
        EXPECT_EQ(result.slot.misuse_count, 0u);
        EXPECT_GT(result.header.threads_seen, 1u);
    }
}

}  // namespace
}  // namespace dearth::tests
