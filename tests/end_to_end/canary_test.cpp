// Every canary must be found, every clean twin must not: expected.txt beside the scenarios says
// which verdict each scenario must show. This is what proves that the oracles see.
#include <gtest/gtest.h>

#include <algorithm>
#include "tests/end_to_end/dearth_process.h"
#include "tests/end_to_end/expected_verdicts.h"

namespace dearth::harness {
namespace {

class Canary : public testing::TestWithParam<ExpectedVerdict> {};

TEST_P(Canary, ShowsItsVerdictByEveryStrategy) {
    const ExpectedVerdict& expected = GetParam();
    const WorkFolder folder;
    for (const std::string strategy : {"fork", "exec"}) {
        const std::string database = strategy + ".db";
        const DearthRun run = run_dearth({"run", "-q", "--strategy", strategy, "--db", database,
                                          shipped("canary/" + expected.scenario + ".dearth.yaml")});
        const auto trials = trials_in(database);
        ASSERT_FALSE(trials.empty()) << run.err;
        const auto verdict = verdict_from_name(expected.verdict);
        bool is_shown = false;
        bool is_clean = true;
        for (const auto& [key, line] : trials) {
            is_shown |= verdict && line.verdict == *verdict;
            is_clean &= !is_finding(line.verdict) && line.verdict != Verdict::kInconclusive;
        }
        if (expected.verdict == "clean") {
            EXPECT_TRUE(is_clean) << strategy << ": " << verdicts_text(trials) << "\n" << run.out;
            EXPECT_EQ(run.exit_code, 0) << strategy << "\n" << run.out << run.err;
            continue;
        }
        ASSERT_TRUE(verdict) << "expected.txt names an unknown verdict: " << expected.verdict;
        EXPECT_TRUE(is_shown) << strategy << ": " << verdicts_text(trials) << "\n" << run.out;
        if (is_finding(*verdict)) {
            EXPECT_EQ(run.exit_code, verdict_row(*verdict).fails_gate ? 1 : 0) << run.out;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(EachPlantedDefect, Canary,
                         testing::ValuesIn(read_expected_verdicts("canary/expected.txt")),
                         [](const auto& instance) { return test_name_of(instance.param); });

TEST(Canaries, CoverEveryVerdict) {
    const std::vector<ExpectedVerdict> rows = read_expected_verdicts("canary/expected.txt");
    for (const VerdictRow& row : verdict_rows()) {
        if (row.verdict == Verdict::kHandled)
            continue;  // what the clean twins do
        EXPECT_TRUE(std::ranges::any_of(rows, [&](const ExpectedVerdict& expected) {
            return expected.verdict == row.name;
        })) << row.name;
    }
}

}  // namespace
}  // namespace dearth::harness
