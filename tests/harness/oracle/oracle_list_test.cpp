// Every verdict is reached by the trial that deserves it; accusations are ordered by gravity and
// doubt never counts as clean.
#include "harness/oracle/oracle_list.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

struct Case {
    Verdict verdict;
    std::function<void(TrialBuilder&)> prepare;
};

const Case kCases[] = {
    {Verdict::kNotReached, [](TrialBuilder& t) { t.slot().injected_count = 0; }},
    {Verdict::kUnaffected, [](TrialBuilder&) {}},
    {Verdict::kHandled,
     [](TrialBuilder& t) { t.error(DEARTH_STEP_RUN, "LUA_ERRMEM", "not enough memory"); }},
    {Verdict::kInconclusive, [](TrialBuilder& t) { t.slot().end = DEARTH_END_NONE; }},
    {Verdict::kUnreported, [](TrialBuilder& t) { t.output("first\n"); }},
    {Verdict::kWrongOutcome,
     [](TrialBuilder& t) { t.error(DEARTH_STEP_RUN, "LUA_ERRRUN", "attempt to index nil"); }},
    {Verdict::kLeak, [](TrialBuilder& t) { t.leak(1, 64); }},
    {Verdict::kBrokenAfter,
     [](TrialBuilder& t) {
         t.scenario().expect.needs_reusable = true;
         t.baseline_check(DEARTH_STEP_AGAIN, "first\nsecond\n");
         t.check(DEARTH_STEP_AGAIN, "first\n");
     }},
    {Verdict::kHang,
     [](TrialBuilder& t) { t.died(DEARTH_STEP_RUN, DEARTH_END_DEADLINE, SIGKILL); }},
    {Verdict::kStackOverflow,
     [](TrialBuilder& t) {
         t.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGSEGV);
         t.slot().is_stack_overflow = 1;
     }},
    {Verdict::kAbort,
     [](TrialBuilder& t) { t.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGABRT); }},
    {Verdict::kCrash,
     [](TrialBuilder& t) { t.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGSEGV); }},
    {Verdict::kMismatchedFree, [](TrialBuilder& t) { t.misuse(DEARTH_MISUSE_MISMATCHED_FREE); }},
    {Verdict::kWrongDomain, [](TrialBuilder& t) { t.misuse(DEARTH_MISUSE_WRONG_DOMAIN); }},
    {Verdict::kInvalidFree, [](TrialBuilder& t) { t.misuse(DEARTH_MISUSE_INVALID_FREE); }},
    {Verdict::kDoubleFree, [](TrialBuilder& t) { t.misuse(DEARTH_MISUSE_DOUBLE_FREE); }},
    {Verdict::kUseAfterFree, [](TrialBuilder& t) { t.misuse(DEARTH_MISUSE_USE_AFTER_FREE); }},
    {Verdict::kUnderflow, [](TrialBuilder& t) { t.misuse(DEARTH_MISUSE_UNDERFLOW); }},
    {Verdict::kOverflow, [](TrialBuilder& t) { t.misuse(DEARTH_MISUSE_OVERFLOW); }},
};

TEST(OracleList, EveryVerdictIsReachedByTheTrialThatDeservesIt) {
    std::set<Verdict> seen;
    for (const Case& example : kCases) {
        TrialBuilder trial;
        example.prepare(trial);
        const Judgement judgement = trial.judge();
        EXPECT_EQ(judgement.verdict, example.verdict) << judgement.detail;
        EXPECT_FALSE(judgement.detail.empty()) << verdict_name(example.verdict);
        EXPECT_EQ(judgement.detail.find('\n'), std::string::npos) << judgement.detail;
        EXPECT_EQ(judgement.accusations.empty(), !is_finding(example.verdict));
        seen.insert(example.verdict);
    }
    EXPECT_EQ(seen.size(), verdict_rows().size()) << "a verdict without an example";
}

TEST(OracleList, TheGravestAccusationNamesTheTrialAndTheOthersAreKept) {
    TrialBuilder trial;
    trial.leak(1, 64).error(DEARTH_STEP_RUN, "LUA_ERRRUN", "x").misuse(DEARTH_MISUSE_DOUBLE_FREE);
    const Judgement judgement = trial.judge();
    ASSERT_EQ(judgement.accusations.size(), 3u);
    EXPECT_EQ(judgement.verdict, Verdict::kDoubleFree);
    EXPECT_EQ(judgement.accusations[0].verdict, Verdict::kDoubleFree);
    EXPECT_EQ(judgement.accusations[1].verdict, Verdict::kLeak);
    EXPECT_EQ(judgement.accusations[2].verdict, Verdict::kWrongOutcome);
    EXPECT_EQ(judgement.detail, judgement.accusations[0].detail);
}

TEST(OracleList, DoubtOutweighsEverythingButAnAccusation) {
    TrialBuilder doubtful;
    doubtful.slot().steps[DEARTH_STEP_CLOSE].status = DEARTH_STATUS_STARTED;
    EXPECT_EQ(doubtful.verdict(), Verdict::kInconclusive);
    doubtful.misuse(DEARTH_MISUSE_OVERFLOW);
    EXPECT_EQ(doubtful.verdict(), Verdict::kOverflow);
}

TEST(OracleList, NothingInjectedIsNeverCleanWhateverElseIsRecorded) {
    TrialBuilder trial;
    trial.slot().injected_count = 0;
    trial.leak(1, 64).misuse(DEARTH_MISUSE_OVERFLOW);
    const Judgement judgement = trial.judge();
    EXPECT_EQ(judgement.verdict, Verdict::kNotReached);
    EXPECT_TRUE(judgement.accusations.empty());
}

TEST(OracleList, ADeathBeforeTheFaultIsInconclusive) {
    TrialBuilder trial;
    trial.died(DEARTH_STEP_RUN, DEARTH_END_SIGNALED, SIGSEGV);
    trial.slot().injected_count = 0;
    EXPECT_EQ(trial.verdict(), Verdict::kInconclusive);
    EXPECT_EQ(trial.detail(),
              "ended by SIGSEGV while running the script before anything was injected");
}

TEST(OracleList, UnreadablePagesAndOurOwnTroubleAreInconclusive) {
    TrialBuilder invalid;
    invalid.record().page_was_valid = false;
    invalid.misuse(DEARTH_MISUSE_OVERFLOW);
    EXPECT_EQ(invalid.verdict(), Verdict::kInconclusive);

    TrialBuilder internal;
    internal.slot().end = DEARTH_END_INTERNAL;
    set_text(internal.slot().note, "ledger is full");
    EXPECT_EQ(internal.verdict(), Verdict::kInconclusive);
    EXPECT_NE(internal.detail().find("ledger is full"), std::string::npos);

    TrialBuilder wild;
    wild.slot().end = 77;
    EXPECT_EQ(wild.verdict(), Verdict::kInconclusive);
}

TEST(OracleList, AJudgeGivesTheSameAnswerAsTheFreeFunction) {
    TrialBuilder trial;
    trial.scenario().expect.error = TextPattern{"mem.ry$", true};
    trial.error(DEARTH_STEP_RUN, "LUA_ERRRUN", "no memory");
    const Judge judge(trial.scenario(), trial.baseline());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(judge.judge(trial.record()).verdict, Verdict::kHandled);
    }
    EXPECT_EQ(trial.verdict(), Verdict::kHandled);
}

}  // namespace
}  // namespace dearth::harness
