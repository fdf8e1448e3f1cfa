// Every canary must be found, every clean twin must not: expected.txt beside the scenarios says
// which verdict each scenario must show. This is what proves that the oracles see.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/end_to_end/dearth_process.h"

namespace dearth::harness {
namespace {

struct Expected {
    std::string scenario;
    std::string verdict;  // or "clean"
};

std::vector<Expected> read_expected() {
    std::vector<Expected> rows;
    std::ifstream file(shipped("canary/expected.txt"));
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        Expected row;
        if (line.starts_with("#") || !(words >> row.scenario >> row.verdict))
            continue;
        rows.push_back(row);
    }
    return rows;
}

class Canary : public testing::TestWithParam<Expected> {};

TEST_P(Canary, ShowsItsVerdictByEveryStrategy) {
    const Expected& expected = GetParam();
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

INSTANTIATE_TEST_SUITE_P(EachPlantedDefect, Canary, testing::ValuesIn(read_expected()),
                         [](const auto& instance) {
                             std::string name = instance.param.scenario;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(Canaries, CoverEveryVerdict) {
    const std::vector<Expected> rows = read_expected();
    for (const VerdictRow& row : verdict_rows()) {
        if (row.verdict == Verdict::kHandled)
            continue;  // what the clean twins do
        EXPECT_TRUE(std::ranges::any_of(rows, [&](const Expected& expected) {
            return expected.verdict == row.name;
        })) << row.name;
    }
}

}  // namespace
}  // namespace dearth::harness
