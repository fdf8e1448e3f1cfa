// Defects of the installed interpreters that dearth has found: each must show while it is there,
// and, being known, must not fail the gate.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/end_to_end/dearth_process.h"
#include "tests/end_to_end/expected_verdicts.h"

namespace dearth::harness {
namespace {

class Regression : public testing::TestWithParam<ExpectedVerdict> {};

TEST_P(Regression, IsStillFoundAndIsKnown) {
    const ExpectedVerdict& expected = GetParam();
    const WorkFolder folder;
    const DearthRun run = run_dearth(
        {"run", "-q", "--db", "r.db", shipped("regression/" + expected.scenario + ".dearth.yaml")});
    const auto trials = trials_in("r.db");
    ASSERT_FALSE(trials.empty()) << run.err;
    const auto verdict = verdict_from_name(expected.verdict);
    ASSERT_TRUE(verdict) << expected.verdict;
    EXPECT_TRUE(std::ranges::any_of(
        trials, [&](const auto& row) { return row.second.verdict == *verdict; }))
        << verdicts_text(trials)
        << "\nanother version of the interpreter? then this scenario is news\n"
        << run.out;
    EXPECT_EQ(run.exit_code, 0) << "its findings stand under known:\n" << run.out;
}

INSTANTIATE_TEST_SUITE_P(EachDefect, Regression,
                         testing::ValuesIn(read_expected_verdicts("regression/expected.txt")),
                         [](const auto& instance) { return test_name_of(instance.param); });

}  // namespace
}  // namespace dearth::harness
