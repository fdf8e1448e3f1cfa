// A whole program as a trial: its phases, every way it can end, the children it makes, and the
// three modes, with real programs.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "tests/hooks/interpose/preloaded_program.h"

namespace dearth::tests {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kFinished = DEARTH_END_FINISHED;
constexpr uint32_t kOk = DEARTH_STATUS_OK;
constexpr uint32_t kError = DEARTH_STATUS_ERROR;

ProgramPlan ending(const std::string& way) {
    ProgramPlan plan;
    plan.program = target_path("endings");
    plan.arguments = {way};
    return plan;
}

std::string text(const char* array) {
    return array;
}

TEST(ProgramPhaseTest, RequestsCarryThePhaseOfTheProgram) {
    const ProgramResult result = run_program(ending("return"));
    const auto phase_of = [&](uint64_t bytes) {
        const auto found =
            std::ranges::find(result.stream, bytes, &dearth_stream_entry::size_bytes);
        return found == result.stream.end() ? -1 : static_cast<int>(found->phase);
    };
    EXPECT_EQ(phase_of(11), DEARTH_PHASE_OPEN) << "constructor of the executable";
    EXPECT_EQ(phase_of(44), DEARTH_PHASE_RUN) << "main";
    EXPECT_EQ(phase_of(33), DEARTH_PHASE_CLOSE) << "exit handler";
    EXPECT_EQ(phase_of(22), DEARTH_PHASE_CLOSE) << "destructor";
}

struct Ending {
    const char* way;
    int status;
};

class EndingTest : public ::testing::TestWithParam<Ending> {};

TEST_P(EndingTest, KeepsTheProgramsOwnStatusAndIsWrittenDown) {
    const ProgramResult result = run_program(ending(GetParam().way));
    const std::string message = "exit status " + std::to_string(GetParam().status);
    EXPECT_EQ(result.exit.code, GetParam().status);
    EXPECT_FALSE(result.exit.was_signaled);
    EXPECT_EQ(result.slot.end, kFinished);
    EXPECT_EQ(result.slot.end_code, GetParam().status);
    EXPECT_EQ(result.header.run_state, static_cast<uint32_t>(DEARTH_RUN_FINISHED));
    EXPECT_EQ(result.slot.steps[DEARTH_STEP_OPEN].status, kOk);
    EXPECT_EQ(result.slot.steps[DEARTH_STEP_RUN].status, kError);
    EXPECT_EQ(text(result.slot.steps[DEARTH_STEP_RUN].kind), "exit");
    EXPECT_EQ(text(result.slot.steps[DEARTH_STEP_RUN].message), message);
    EXPECT_EQ(result.slot.steps[DEARTH_STEP_CLOSE].status, kOk);
}

INSTANTIATE_TEST_SUITE_P(Ways, EndingTest,
                         ::testing::Values(Ending{"return", 3}, Ending{"exit", 4},
                                           Ending{"_exit", 5}, Ending{"_Exit", 6},
                                           Ending{"quick_exit", 7}),
                         [](const auto& instance) {
                             std::string name = instance.param.way;
                             std::erase(name, '_');
                             return name + std::to_string(instance.param.status);
                         });

TEST(ProgramEndTest, BufferedOutputIsTheProgramsOwnBusiness) {
    EXPECT_EQ(run_program(ending("exit")).out, "in main\n");
    EXPECT_EQ(run_program(ending("_exit")).out, "") << "as without us: nobody flushes";
    const ProgramResult result = run_program(ending("return"));
    EXPECT_EQ(result.slot.steps[DEARTH_STEP_RUN].out_begin, 0u);
    EXPECT_EQ(result.slot.steps[DEARTH_STEP_RUN].out_end, DEARTH_OUTPUT_TO_END);
}

TEST(ProgramEndTest, AnAbortAndACrashAreSignalsWithAStack) {
    for (const auto& [way, signal_number] :
         {std::pair{"abort", SIGABRT}, std::pair{"crash", SIGSEGV}}) {
        const ProgramResult result = run_program(ending(way));
        EXPECT_TRUE(result.exit.was_signaled);
        EXPECT_EQ(result.exit.code, signal_number);
        EXPECT_EQ(result.slot.fatal_signal, signal_number);
        EXPECT_GT(result.slot.fatal.depth, 0u);
        EXPECT_EQ(result.slot.end, static_cast<uint32_t>(DEARTH_END_NONE));
        EXPECT_EQ(result.slot.is_stack_overflow, 0u);
        EXPECT_EQ(result.slot.phase, static_cast<uint32_t>(DEARTH_PHASE_RUN));
    }
}

TEST(ProgramEndTest, EndlessRecursionIsAStackOverflow) {
    const ProgramResult result = run_program(ending("recurse"));
    EXPECT_EQ(result.slot.fatal_signal, SIGSEGV);
    EXPECT_EQ(result.slot.is_stack_overflow, 1u);
}

TEST(ProgramEndTest, AHangEndsAtItsDeadline) {
    ProgramPlan plan = ending("hang");
    plan.mode = DEARTH_MODE_SINGLE;
    plan.schedule = "nth=100000000";
    plan.deadline_ms = 200;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.slot.end, static_cast<uint32_t>(DEARTH_END_DEADLINE));
    EXPECT_EQ(result.exit.code, 124);
    EXPECT_GT(result.slot.fatal.depth, 0u);
}

TEST(ProgramEndTest, ExecEndsTheTrialWell) {
    const ProgramResult result = run_program(ending("exec"));
    EXPECT_EQ(result.out, "after\n");
    EXPECT_EQ(result.exit.code, 9);
    EXPECT_EQ(result.slot.end, kFinished);
    EXPECT_EQ(result.slot.steps[DEARTH_STEP_RUN].status, kOk);
    EXPECT_EQ(text(result.slot.steps[DEARTH_STEP_RUN].kind), "exec");
    EXPECT_EQ(text(result.slot.steps[DEARTH_STEP_RUN].message), "/bin/sh");
}

TEST(ProgramEndTest, AnExecThatFailsGoesOn) {
    const ProgramResult result = run_program(ending("exec-fails"));
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_EQ(result.slot.end, kFinished);
    EXPECT_EQ(text(result.slot.steps[DEARTH_STEP_RUN].kind), "");
    EXPECT_GT(count_in_phase(result, DEARTH_PHASE_CLOSE), 0u) << "still watched";
}

TEST(ProgramEndTest, MemoryThatIsReallyOutIsToldApart) {
    ProgramPlan plan = ending("exhaust");
    plan.memory_bytes = 64u << 20;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_EQ(result.slot.exhausted, 1u);
    EXPECT_EQ(result.slot.injected_count, 0u);
    EXPECT_EQ(run_program(ending("return")).slot.exhausted, 0u);
}

TEST(ProgramEndTest, ChildrenFindNothingOfOursInTheirEnvironment) {
    EXPECT_EQ(run_program(ending("environment")).out, "in main\n\n\n");
}

TEST(ProgramLeftoversTest, ABaselineListsThemAndATrialIsHeldAgainstThem) {
    ProgramPlan plan = ending("return");
    plan.layers |= DEARTH_LAYER_STACKS;
    plan.checks = DEARTH_CHECK_LEAKS;
    const ProgramResult baseline = run_program(plan);
    plan = ending("leak");
    plan.layers |= DEARTH_LAYER_STACKS;
    plan.checks = DEARTH_CHECK_LEAKS;
    plan.mode = DEARTH_MODE_SINGLE;
    plan.schedule = "nth=100000000";
    plan.leftovers = baseline.leftovers;
    const ProgramResult leaking = run_program(plan);
    EXPECT_EQ(leaking.slot.leak_blocks, 1u);
    EXPECT_EQ(leaking.slot.leak_bytes, 1234u);
    plan.arguments = {"nothing"};
    EXPECT_EQ(run_program(plan).slot.leak_blocks, 0u);
}

TEST(ProgramMisuseTest, ABlockThatIsNeverFreedIsCheckedAtTheEnd) {
    const ProgramResult result = run_program(ending("overflow"));
    ASSERT_EQ(result.slot.misuse_count, 1u);
    EXPECT_EQ(result.slot.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_OVERFLOW));
    EXPECT_EQ(result.slot.misuses[0].block_size_bytes, 24u);
}

ProgramPlan children(const std::string& what) {
    ProgramPlan plan;
    plan.program = target_path("children");
    plan.arguments = {what};
    return plan;
}

TEST(ProgramChildrenTest, RunUnharmedAndAreNotTheTrial) {
    const ProgramResult result = run_program(children("all"));
    EXPECT_EQ(result.exit.code, 0) << result.out << result.err;
    EXPECT_EQ(result.err, "") << "nothing of ours, and nothing of the loader's";
    EXPECT_EQ(result.slot.misuse_count, 0u) << "the child's misuse is the child's";
    EXPECT_EQ(result.slot.end, kFinished);
    EXPECT_THAT(result.out, HasSubstr("popen: out of a pipe"));
}

TEST(ProgramChildrenTest, DoNotSeeTheFaults) {
    ProgramPlan plan = children("fork");
    plan.mode = DEARTH_MODE_SINGLE;
    // All but the parent's own first request; a child that saw them would crash.
    plan.schedule = "nth=2..;persistent;phase=run;size<=100";
    const ProgramResult result = run_program(plan);
    EXPECT_THAT(result.out, HasSubstr("fork: good"));
}

TEST(ProgramChildrenTest, OfVforkDoNotTakeTheFaultOfTheirParent) {
    ProgramPlan plan = children("vfork");
    plan.mode = DEARTH_MODE_SINGLE;
    plan.schedule = "nth=1..;persistent;phase=run;size>=7777";
    const ProgramResult result = run_program(plan);
    EXPECT_THAT(result.out, HasSubstr("vfork-exit: good"));
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_EQ(result.slot.injected_count, 0u);
}

TEST(ProgramChildrenTest, MayBeForkedBesideThreads) {
    const ProgramResult result = run_program(children("threads"));
    EXPECT_EQ(result.exit.code, 0) << result.out;
    EXPECT_EQ(result.slot.misuse_count, 0u);
    EXPECT_GT(result.header.threads_seen, 1u);
}

TEST(ProgramForkTest, EveryPointOfMainIsExploredAndTheForwardRunIsTheProgramsOwn) {
    const ProgramResult baseline = run_program(ending("return"));
    ProgramPlan plan = ending("return");
    plan.mode = DEARTH_MODE_FORK;
    plan.schedule = "nth=1;phase=run";
    plan.jobs = 2;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 3);
    EXPECT_EQ(result.out, "in main\n");
    EXPECT_EQ(result.slot.end, kFinished);
    ASSERT_EQ(result.trials.size(), count_in_phase(baseline, DEARTH_PHASE_RUN));
    for (const dearth_trial_slot& trial : result.trials) {
        EXPECT_EQ(trial.injected_count, 1u);
        EXPECT_EQ(trial.end, kFinished);
        EXPECT_EQ(trial.misuse_count, 0u);
    }
    const auto first = std::ranges::find(result.trials, uint64_t{1}, &dearth_trial_slot::ordinal);
    ASSERT_NE(first, result.trials.end());
    EXPECT_EQ(first->request.size_bytes, 44u);
    EXPECT_EQ(first->end_code, 12) << "the failure is seen, and the status is the program's own";
    EXPECT_EQ(text(first->steps[DEARTH_STEP_RUN].message), "exit status 12");
}

TEST(ProgramChildrenTest, AreSeenByABaselineSoThatTrialsGetProcessesOfTheirOwn) {
    for (const char* what : {"fork", "vfork", "spawn"})
        EXPECT_EQ(run_program(children(what)).header.children_seen, 1u) << what;
    EXPECT_EQ(run_program(children("spawn")).header.shared_descriptors, 1u) << "popen's pipe";
    const ProgramResult alone = run_program(children("signals"));
    EXPECT_EQ(alone.header.children_seen, 0u);
    EXPECT_EQ(alone.header.shared_descriptors, 0u);
}

TEST(ProgramForkTest, TheTargetsOwnChildrenAreNotExplored) {
    ProgramPlan plan = children("fork");
    plan.mode = DEARTH_MODE_FORK;
    plan.schedule = "nth=1;phase=run";
    plan.jobs = 2;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 0) << result.out;
    EXPECT_EQ(result.trials.size(), result.header.selected);
    for (const dearth_trial_slot& trial : result.trials) {
        EXPECT_NE(trial.end, static_cast<uint32_t>(DEARTH_END_DEADLINE)) << trial.ordinal;
        EXPECT_NE(trial.end, static_cast<uint32_t>(DEARTH_END_SIGNALED)) << trial.ordinal;
    }
}

TEST(ProgramForkTest, AForwardRunThatExecutesAnotherProgramWaitsForItsTrials) {
    ProgramPlan plan;
    plan.program = "/bin/sh";
    plan.arguments = {"-c", "echo before; exec /bin/echo after"};
    plan.mode = DEARTH_MODE_FORK;
    plan.schedule = "nth=1;phase=run";
    plan.jobs = 2;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.out, "before\nafter\n");
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_EQ(text(result.slot.steps[DEARTH_STEP_RUN].kind), "exec");
    EXPECT_GT(result.trials.size(), 0u);
    EXPECT_EQ(result.trials.size(), result.header.selected);
    for (const dearth_trial_slot& trial : result.trials) {
        EXPECT_EQ(trial.end, kFinished) << trial.ordinal;
        EXPECT_EQ(trial.state, static_cast<uint32_t>(DEARTH_SLOT_DONE));
    }
}

TEST(ProgramForkTest, CallStacksBeginInTheTarget) {
    ProgramPlan plan = ending("return");
    plan.layers |= DEARTH_LAYER_STACKS;
    plan.mode = DEARTH_MODE_FORK;
    plan.schedule = "nth=1;phase=run";
    const ProgramResult result = run_program(plan);
    const auto first = std::ranges::find(result.trials, uint64_t{1}, &dearth_trial_slot::ordinal);
    ASSERT_NE(first, result.trials.end());
    ASSERT_GT(first->injected.depth, 0u);
    const uint64_t module = first->injected.frames[0] >> DEARTH_MODULE_SHIFT;
    ASSERT_LT(module, result.modules.size());
    EXPECT_EQ(result.modules[module], plan.program);
}

// Every point of a real program, both kinds. No hang: a child that inherits a lock of libc's shut
// would be one.
void sweep_every_point(const std::string& program, const std::vector<std::string>& arguments) {
    ProgramPlan plan;
    plan.program = program;
    plan.arguments = arguments;
    plan.mode = DEARTH_MODE_FORK;
    plan.schedule = "nth=1;phase=run";
    plan.layers |= DEARTH_LAYER_STACKS;
    plan.jobs = 2;
    plan.kinds = {DEARTH_KIND_ONCE, DEARTH_KIND_PERSISTENT};
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_EQ(result.slot.end, kFinished);
    EXPECT_GT(result.header.selected, 100u);
    EXPECT_EQ(result.trials.size(), 2 * result.header.selected);
    std::map<uint32_t, int> ends;
    for (const dearth_trial_slot& trial : result.trials) {
        ++ends[trial.end];
        EXPECT_NE(trial.end, static_cast<uint32_t>(DEARTH_END_DEADLINE)) << trial.ordinal;
        EXPECT_GE(trial.injected_count, 1u) << trial.ordinal;
        EXPECT_EQ(trial.misuse_count, 0u) << trial.ordinal;
    }
    std::string summary;
    for (const auto& [end, count] : ends)
        summary += " end " + std::to_string(end) + ": " + std::to_string(count);
    ::testing::Test::RecordProperty("ends", summary);
    ::testing::Test::RecordProperty("cpu_s", std::to_string(result.exit.cpu_s));
}

TEST(ProgramForkTest, LuaIsSweptWithoutAHang) {
    sweep_every_point("/usr/bin/lua5.4",
                      {"-e", "local t = {} for i = 1, 200 do t[i] = 'x' .. i end"});
}

TEST(ProgramForkTest, PythonIsSweptWithoutAHang) {
    sweep_every_point("/usr/bin/python3.11", {"-c", "pass"});
}

TEST(StandaloneTest, InjectsAndSaysSo) {
    ProgramPlan plan = ending("return");
    plan.has_page = false;
    plan.environment["DEARTH_SCHEDULE"] = "nth=1;phase=run";
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 12);
    EXPECT_THAT(result.err, HasSubstr("1 faults injected, 0 misuses"));
}

TEST(StandaloneTest, SaysThatItIsShadowed) {
    ProgramPlan plan;
    plan.program = target_path("own_malloc");
    plan.has_page = false;
    plan.environment["DEARTH_SCHEDULE"] = "nth=1";
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_THAT(result.err, HasSubstr("the malloc of " + plan.program + " comes first"));
}

TEST(StandaloneTest, RefusesAScheduleWithAnError) {
    ProgramPlan plan = ending("return");
    plan.has_page = false;
    plan.environment["DEARTH_SCHEDULE"] = "nth=1;wrong";
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 125);
    EXPECT_THAT(result.err, HasSubstr("DEARTH_SCHEDULE, character 7"));
}

TEST(AttachTest, RefusesADescriptorThatIsNoPage) {
    ProgramPlan plan = ending("return");
    plan.has_page = false;
    plan.environment[DEARTH_CONTROL_FD_VARIABLE] = "1";
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(result.exit.code, 125);
    EXPECT_THAT(result.err, HasSubstr("control page"));
}

}  // namespace
}  // namespace dearth::tests
