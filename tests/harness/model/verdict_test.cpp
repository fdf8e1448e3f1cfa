#include "harness/model/verdict.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dearth::harness {
namespace {

TEST(Verdict, RowsAreInOrderAndComplete) {
    size_t index = 0;
    for (const VerdictRow& row : verdict_rows()) {
        EXPECT_EQ(static_cast<size_t>(row.verdict), index++) << row.name;
        EXPECT_FALSE(row.summary.empty()) << row.name;
        EXPECT_FALSE(row.advice.empty()) << row.name;
        EXPECT_TRUE(row.summary.ends_with('.')) << row.name;
        EXPECT_TRUE(row.advice.ends_with('.')) << row.name;
        // Limits of the code scanning services that show these texts.
        EXPECT_LE(row.advice.size(), 1024u) << row.name;
    }
    EXPECT_EQ(index, static_cast<size_t>(Verdict::kOverflow) + 1);
}

TEST(Verdict, NamesAndRulesAreUniqueAndReadBack) {
    std::set<std::string_view> names;
    std::set<std::string_view> rules;
    for (const VerdictRow& row : verdict_rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_EQ(verdict_from_name(row.name), row.verdict);
        EXPECT_EQ(verdict_from_rule(row.name), row.verdict);
        EXPECT_EQ(is_finding(row.verdict), !row.rule.empty());
        EXPECT_EQ(row.cwe.empty(), row.rule.empty()) << row.name;
        if (!row.rule.empty()) {
            EXPECT_TRUE(rules.insert(row.rule).second) << row.rule;
            EXPECT_EQ(verdict_from_rule(row.rule), row.verdict);
        }
    }
    EXPECT_EQ(verdict_from_rule(""), std::nullopt);
    EXPECT_EQ(verdict_from_rule("DT9999"), std::nullopt);
    EXPECT_EQ(verdict_from_name("DT1001"), std::nullopt);
}

struct Row {
    Verdict verdict;
    std::string_view rule;
    std::string_view cwe;
    bool fails_gate;
};

// Rule ids are public: they stand in other people's baselines.
TEST(Verdict, RuleIdsAndGateNeverChange) {
    const Row rows[] = {
        {Verdict::kOverflow, "DT1001", "122", true},
        {Verdict::kUnderflow, "DT1002", "124", true},
        {Verdict::kUseAfterFree, "DT1003", "416", true},
        {Verdict::kDoubleFree, "DT1004", "415", true},
        {Verdict::kInvalidFree, "DT1005", "763", true},
        {Verdict::kMismatchedFree, "DT1006", "762", true},
        {Verdict::kWrongDomain, "DT1007", "762", true},
        {Verdict::kCrash, "DT2001", "690", true},
        {Verdict::kHang, "DT2002", "835", true},
        {Verdict::kUnreported, "DT2003", "252", false},
        {Verdict::kWrongOutcome, "DT2004", "703", false},
        {Verdict::kAbort, "DT2005", "617", true},
        {Verdict::kStackOverflow, "DT2006", "674", true},
        {Verdict::kBrokenAfter, "DT2007", "460", false},
        {Verdict::kLeak, "DT3001", "401", false},
        {Verdict::kNotReached, "", "", false},
        {Verdict::kInconclusive, "", "", false},
        {Verdict::kHandled, "", "", false},
        {Verdict::kUnaffected, "", "", false},
    };
    ASSERT_EQ(std::size(rows), verdict_rows().size());
    for (const Row& row : rows) {
        EXPECT_EQ(verdict_row(row.verdict).rule, row.rule) << row.rule;
        EXPECT_EQ(verdict_row(row.verdict).cwe, row.cwe) << row.rule;
        EXPECT_EQ(verdict_row(row.verdict).fails_gate, row.fails_gate) << row.rule;
    }
}

}  // namespace
}  // namespace dearth::harness
