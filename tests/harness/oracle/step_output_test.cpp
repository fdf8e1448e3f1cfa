#include "harness/oracle/step_output.h"

#include <gtest/gtest.h>

namespace dearth::harness {
namespace {

dearth_step_result wrote(uint64_t begin, uint64_t end) {
    dearth_step_result step = {};
    step.out_begin = begin;
    step.out_end = end;
    return step;
}

TEST(StepOutput, IsTheBytesBetweenItsOffsets) {
    const StepOutput output = step_output("beforeMINEafter", wrote(6, 10));
    EXPECT_EQ(output.text, "MINE");
    EXPECT_EQ(output.total_bytes, 4u);
    EXPECT_TRUE(output.is_valid);
}

TEST(StepOutput, ContradictionsAreInvalid) {
    EXPECT_FALSE(step_output("abc", wrote(0, 4)).is_valid);
    EXPECT_FALSE(step_output("abc", wrote(2, 1)).is_valid);
    EXPECT_FALSE(step_output("", wrote(UINT64_MAX, 0)).is_valid);
    EXPECT_TRUE(step_output("abc", wrote(3, 3)).is_valid);
}

TEST(StepOutput, WhatWasCutIsComparedByLength) {
    const std::string kept(kOutputKeptBytes, 'a');
    const StepOutput long_one = step_output(kept, wrote(10, kOutputKeptBytes + 100));
    EXPECT_EQ(long_one.text.size(), kOutputKeptBytes - 10);
    const StepOutput longer = step_output(kept, wrote(10, kOutputKeptBytes + 101));
    EXPECT_EQ(compare_output(long_one, long_one), Sameness::kSame);
    EXPECT_EQ(compare_output(long_one, longer), Sameness::kDifferent);
    EXPECT_EQ(difference_words(long_one, longer), "65626 bytes, the baseline has 65627");
    const StepOutput unseen = step_output(kept, wrote(kOutputKeptBytes + 5, kOutputKeptBytes + 9));
    EXPECT_TRUE(unseen.is_valid);
    EXPECT_EQ(unseen.text, "");
    EXPECT_EQ(unseen.total_bytes, 4u);
}

TEST(StepOutput, DifferenceNamesTheFirstLineThatDiffers) {
    const StepOutput trial = step_output("a\nb\nx\n", wrote(0, 6));
    const StepOutput baseline = step_output("a\nb\ny\n", wrote(0, 6));
    EXPECT_EQ(difference_words(trial, baseline), "line 3 is \"x\", the baseline has \"y\"");
    const StepOutput shorter = step_output("a\nb\n", wrote(0, 4));
    EXPECT_EQ(difference_words(shorter, baseline), "line 3 is missing, the baseline has \"y\"");
    EXPECT_EQ(difference_words(baseline, shorter), "line 3 is \"y\", the baseline has missing");
}

}  // namespace
}  // namespace dearth::harness
