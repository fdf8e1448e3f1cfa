// Which exit code wins: every pair against the published order, and what --exit-zero waives.
#include "harness/model/exit_code.h"

#include <gtest/gtest.h>

#include <vector>

namespace dearth::harness {
namespace {

using enum ExitCode;

TEST(ExitCode, GraverCodeWinsOfEveryPair) {
    const std::vector<ExitCode> published = {kInternal, kInterrupted, kUsage,
                                             kBaseline, kFindings,    kIncomplete,
                                             kStale,    kNothing,     kPassed};
    for (size_t i = 0; i < published.size(); ++i) {
        for (size_t j = i; j < published.size(); ++j) {
            const ExitCode pair[] = {published[j], published[i]};
            EXPECT_EQ(decide_exit(pair, false), published[i]);
        }
    }
    EXPECT_EQ(decide_exit({}, false), kPassed);
}

TEST(ExitCode, ExitZeroWaivesWhatWasFoundAndNothingElse) {
    for (const ExitCodeRow& row : exit_code_rows()) {
        const int code = static_cast<int>(row.code);
        const bool is_waived = code == 1 || code == 5 || code == 6;
        const ExitCode one[] = {row.code};
        EXPECT_EQ(decide_exit(one, true), is_waived ? kPassed : row.code) << code;
        EXPECT_EQ(row.is_waived_by_exit_zero, is_waived) << code;
    }
    const ExitCode stale_and_empty[] = {kStale, kNothing};
    EXPECT_EQ(decide_exit(stale_and_empty, true), kNothing);
}

TEST(ExitCode, EveryCodeIsExplainedOnce) {
    std::vector<int> codes;
    for (const ExitCodeRow& row : exit_code_rows()) {
        EXPECT_TRUE(row.sentence.ends_with('.'));
        codes.push_back(static_cast<int>(row.code));
        EXPECT_EQ(exit_code_row(codes.back())->name, row.name);
    }
    EXPECT_EQ(codes, (std::vector<int>{70, 130, 2, 3, 1, 6, 5, 4, 0}));
    EXPECT_FALSE(exit_code_row(99).has_value());
}

}  // namespace
}  // namespace dearth::harness
