#include <gtest/gtest.h>

#include "dearth/allocator.h"
#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

TEST(HeapOracle, DetailsSayWhatWasWrittenWhere) {
    TrialBuilder over;
    over.misuse(DEARTH_MISUSE_OVERFLOW);
    EXPECT_EQ(over.detail(), "3 bytes written 0 bytes past the end of a 64-byte block");

    TrialBuilder under;
    under.misuse(DEARTH_MISUSE_UNDERFLOW);
    under.slot().misuses[0].distance_bytes = -1;
    under.slot().misuses[0].changed_bytes = 1;
    EXPECT_EQ(under.detail(), "1 byte written 1 byte before the start of a 64-byte block");

    TrialBuilder after_free;
    after_free.misuse(DEARTH_MISUSE_USE_AFTER_FREE);
    after_free.slot().misuses[0].distance_bytes = 8;
    EXPECT_EQ(after_free.detail(), "3 bytes written 8 bytes into a freed 64-byte block");

    TrialBuilder twice;
    twice.misuse(DEARTH_MISUSE_DOUBLE_FREE);
    set_text(twice.slot().misuses[0].place, "list.c:12");
    EXPECT_EQ(twice.detail(), "free of an already freed 64-byte block at list.c:12");

    TrialBuilder foreign;
    foreign.misuse(DEARTH_MISUSE_INVALID_FREE);
    foreign.slot().misuses[0].block_size_bytes = 0;
    foreign.slot().misuses[0].op = DEARTH_OP_REALLOC;
    EXPECT_EQ(foreign.detail(),
              "realloc of a pointer that no allocator of the raw domain returned");

    TrialBuilder interior;
    interior.misuse(DEARTH_MISUSE_INVALID_FREE);
    interior.slot().misuses[0].distance_bytes = 16;
    EXPECT_EQ(interior.detail(), "free of a pointer 16 bytes past the start of a 64-byte block");

    TrialBuilder sized;
    sized.misuse(DEARTH_MISUSE_MISMATCHED_FREE);
    sized.slot().misuses[0].told_size_bytes = 48;
    EXPECT_EQ(sized.detail(), "free says 48 bytes, the block was made with 64 bytes");

    TrialBuilder family;
    family.misuse(DEARTH_MISUSE_MISMATCHED_FREE);
    family.slot().misuses[0].family = DEARTH_FAMILY_NEW_ARRAY;
    EXPECT_EQ(family.detail(), "delete[] of a 64-byte block that malloc made");
    family.slot().misuses[0].family = DEARTH_FAMILY_MALLOC;
    family.slot().misuses[0].block_family = DEARTH_FAMILY_NEW;
    EXPECT_EQ(family.detail(), "free of a 64-byte block that new made");
    family.slot().misuses[0].op = DEARTH_OP_REALLOC;
    EXPECT_EQ(family.detail(), "realloc of a 64-byte block that new made");

    TrialBuilder domain;
    domain.misuse(DEARTH_MISUSE_WRONG_DOMAIN);
    domain.slot().misuses[0].domain = DEARTH_DOMAIN_MEM;
    domain.slot().misuses[0].block_domain = DEARTH_DOMAIN_OBJECT;
    EXPECT_EQ(domain.detail(), "free in the mem domain of a 64-byte block of the obj domain");
}

TEST(HeapOracle, StacksOfTheMisuseTravelWithTheAccusation) {
    TrialBuilder trial;
    trial.misuse(DEARTH_MISUSE_DOUBLE_FREE);
    trial.slot().misuses[0].allocated.depth = 2;
    trial.slot().misuses[0].freed.depth = 3;
    const Judgement judgement = trial.judge();
    ASSERT_EQ(judgement.accusations.size(), 1u);
    EXPECT_EQ(judgement.accusations[0].detected.depth, 1u);
    EXPECT_EQ(judgement.accusations[0].allocated.depth, 2u);
    EXPECT_EQ(judgement.accusations[0].freed.depth, 3u);
}

TEST(HeapOracle, TheSamePlaceIsAccusedOnceAndAnotherPlaceAgain) {
    TrialBuilder trial;
    trial.misuse(DEARTH_MISUSE_OVERFLOW).misuse(DEARTH_MISUSE_OVERFLOW);
    EXPECT_EQ(trial.judge().accusations.size(), 2u);
    trial.slot().misuses[1].detected = trial.slot().misuses[0].detected;
    EXPECT_EQ(trial.judge().accusations.size(), 1u);
}

TEST(HeapOracle, MoreMisusesThanTheSlotHoldsAreCountedNotRead) {
    TrialBuilder trial;
    trial.misuse(DEARTH_MISUSE_OVERFLOW);
    for (dearth_misuse& misuse : trial.slot().misuses) {
        misuse = trial.slot().misuses[0];
    }
    trial.slot().misuse_count = UINT32_MAX;
    const Judgement judgement = trial.judge();
    ASSERT_EQ(judgement.accusations.size(), 1u);
    EXPECT_NE(judgement.detail.find(std::to_string(UINT32_MAX - DEARTH_MISUSES_MAX) + " more"),
              std::string::npos)
        << judgement.detail;
}

TEST(HeapOracle, AMisuseThatNobodyKnowsLeavesTheTrialInDoubt) {
    for (const uint32_t kind : {0u, DEARTH_MISUSE_WRONG_DOMAIN + 1u, UINT32_MAX}) {
        TrialBuilder trial;
        trial.misuse(DEARTH_MISUSE_OVERFLOW).slot().misuses[0].kind = kind;
        EXPECT_EQ(trial.verdict(), Verdict::kInconclusive) << kind;
        EXPECT_EQ(trial.detail(), "the record makes no sense: misuse of an unknown kind");
    }
}

TEST(HeapOracle, AScenarioMayNotCareAboutCorruption) {
    TrialBuilder trial;
    trial.misuse(DEARTH_MISUSE_OVERFLOW);
    trial.scenario().expect.needs_no_corruption = false;
    EXPECT_EQ(trial.verdict(), Verdict::kUnaffected);
}

TEST(HeapOracle, ShowsTheBytesBesideWhatTheyShouldBe) {
    TrialBuilder trial;
    trial.misuse(DEARTH_MISUSE_OVERFLOW);
    dearth_misuse& misuse = trial.slot().misuses[0];
    misuse.shown_bytes = 2;
    misuse.found[0] = 0x41;
    misuse.expected[0] = misuse.expected[1] = 0xFD;
    EXPECT_NE(trial.judge().detail.find("; found 41 00, expected fd fd"), std::string::npos);
    misuse.shown_bytes = UINT32_MAX;  // as a broken target may write it
    EXPECT_NE(trial.judge().detail.find("; found 41 00 00"), std::string::npos);
}

TEST(HeapOracle, WhatAPageStoppedIsMisuseAndNoCrash) {
    TrialBuilder trial;
    trial.misuse(DEARTH_MISUSE_OVERFLOW);
    trial.slot().misuses[0].access = DEARTH_ACCESS_READ;
    trial.slot().misuses[0].changed_bytes = 0;
    trial.slot().end = DEARTH_END_SIGNALED;
    trial.slot().end_code = trial.slot().fatal_signal = SIGSEGV;
    const Judgement judgement = trial.judge();
    ASSERT_EQ(judgement.accusations.size(), 1u);
    EXPECT_EQ(judgement.verdict, Verdict::kOverflow);
    EXPECT_EQ(judgement.detail.find("a read "), 0u) << judgement.detail;
    // What guard bytes show does not explain a crash.
    trial.slot().misuses[0].changed_bytes = 1;
    EXPECT_EQ(trial.judge().accusations.size(), 2u);
}

TEST(ReachOracle, MemoryReallyExhaustedIsInconclusive) {
    TrialBuilder trial;
    trial.slot().exhausted = 3;
    trial.baseline().slot.exhausted = 3;  // a request without bounds fails in every run
    EXPECT_NE(trial.judge().verdict, Verdict::kInconclusive);
    trial.slot().exhausted = 4;
    EXPECT_EQ(trial.judge().verdict, Verdict::kInconclusive);
    EXPECT_NE(trial.judge().detail.find("really exhausted: 1 request "), std::string::npos);
    trial.misuse(DEARTH_MISUSE_OVERFLOW);
    EXPECT_EQ(trial.judge().verdict, Verdict::kOverflow);
}

}  // namespace
}  // namespace dearth::harness
