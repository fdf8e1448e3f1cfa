// Programs that make it hard: blocks from before the layers, runtimes loaded late, descriptors
// closed, signals taken.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/hooks/interpose/preloaded_program.h"

namespace dearth::tests {
namespace {

constexpr uint32_t kFinished = DEARTH_END_FINISHED;

ProgramPlan target(const std::string& name, const std::string& argument) {
    ProgramPlan plan;
    plan.program = target_path(name);
    plan.arguments = {argument};
    return plan;
}

TEST(EarlyBlocksTest, AreFreedAndResizedAsIfTheLayersHadMadeThem) {
    for (const uint32_t layers :
         {kPlainLayers, kPlainLayers | DEARTH_LAYER_QUARANTINE, uint32_t{DEARTH_LAYER_FAULT}}) {
        ProgramPlan plan = target("early_blocks", "");
        plan.layers = layers;
        const ProgramResult result = run_program(plan);
        EXPECT_EQ(result.out, "1000 bytes kept\n");
        EXPECT_EQ(result.slot.misuse_count, 0u);
        EXPECT_EQ(result.exit.code, 0);
        EXPECT_EQ(result.slot.end, kFinished);
    }
}

TEST(EarlyBlocksTest, AResizeOfOneMayFail) {
    ProgramPlan plan = target("early_blocks", "");
    plan.mode = DEARTH_MODE_SINGLE;
    plan.schedule = "nth=1;phase=run;op=realloc";
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.out, "not resized\n1000 bytes kept\n");
    EXPECT_EQ(result.slot.injected_count, 1u);
    EXPECT_EQ(result.slot.misuse_count, 0u);
}

TEST(EarlyBlocksTest, DoNotHideAMisuse) {
    for (const char* what : {"twice", "interior"}) {
        const ProgramResult result = run_program(target("early_blocks", what));
        ASSERT_EQ(result.slot.misuse_count, 1u) << what;
        EXPECT_EQ(result.slot.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_INVALID_FREE));
        EXPECT_EQ(result.exit.code, 0) << "not passed to libc, which would abort";
    }
}

TEST(LateRuntimeTest, ThrowsWithTheRuntimeOfItsCaller) {
    ProgramPlan plan = target("plugin_host", DEARTH_CXX_PLUGIN);
    EXPECT_EQ(run_program(plan).out, "made\n");
    plan.mode = DEARTH_MODE_SINGLE;
    plan.schedule = "nth=1;size=4321";
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.out, "caught\n");
    EXPECT_EQ(result.slot.injected_count, 1u);
    EXPECT_EQ(result.exit.code, 0);
}

TEST(RudeProgramTest, IsWatchedToItsEnd) {
    for (const char* what : {"close-all", "chdir", "clear-environment"}) {
        const ProgramResult result = run_program(target("rude", what));
        EXPECT_EQ(result.exit.code, 0) << what;
        EXPECT_EQ(result.slot.end, kFinished) << what;
        EXPECT_EQ(result.slot.misuse_count, 0u) << what;
        EXPECT_GE(count_in_phase(result, DEARTH_PHASE_RUN), 2u) << what;
    }
}

TEST(RudeProgramTest, IsExploredToItsEnd) {
    for (const char* what : {"chdir", "clear-environment"}) {
        ProgramPlan plan = target("rude", what);
        plan.mode = DEARTH_MODE_FORK;
        plan.schedule = "nth=1;phase=run";
        const ProgramResult result = run_program(plan);
        EXPECT_EQ(result.trials.size(), result.header.selected) << what;
        EXPECT_GE(result.trials.size(), 2u) << what;
    }
}

TEST(RudeProgramTest, ThatBlocksAllSignalsIsKilledByItsForwardRun) {
    ProgramPlan plan = target("rude", "block-signals-in-trial");
    plan.mode = DEARTH_MODE_FORK;
    plan.schedule = "nth=1;phase=run;size=100";
    plan.deadline_ms = 200;
    const ProgramResult result = run_program(plan);
    ASSERT_EQ(result.trials.size(), 1u);
    EXPECT_EQ(result.trials[0].end, static_cast<uint32_t>(DEARTH_END_DEADLINE));
    EXPECT_EQ(result.exit.code, 0);
}

// Its own handler is its own affair: what the process does then is all there is to be seen.
TEST(RudeProgramTest, ThatTakesACrashForItselfEndsAsItSays) {
    const ProgramResult result = run_program(target("rude", "own-handler"));
    EXPECT_EQ(result.exit.code, 44);
    EXPECT_EQ(result.slot.fatal_signal, 0);
    EXPECT_EQ(result.slot.end, kFinished);
    EXPECT_EQ(std::string(result.slot.steps[DEARTH_STEP_RUN].message), "exit status 44");
}

}  // namespace
}  // namespace dearth::tests
