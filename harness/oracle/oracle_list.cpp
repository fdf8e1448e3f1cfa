// The explicit list of oracles, and the judgement made of their answers:
// nothing injected or nothing readable ends it; else the gravest accusation names the trial; else
// any "cannot tell" does; else what the others say stands. Nobody says anything: inconclusive.
#include "harness/oracle/oracle_list.h"

#include <algorithm>
#include <array>

namespace dearth::harness {
namespace {

constexpr std::array<OracleRow, 7> kOracles = {{
    {"reach", reach_oracle},
    {"heap", heap_oracle},
    {"end", end_oracle},
    {"outcome", outcome_oracle},
    {"program", program_oracle},
    {"leak", leak_oracle},
    {"after", after_oracle},
}};

void settle(Judgement& judgement, const std::vector<Standing>& standings) {
    if (!judgement.accusations.empty()) {
        judgement.verdict = judgement.accusations[0].verdict;
        judgement.detail = judgement.accusations[0].detail;
        return;
    }
    const auto doubt = std::find_if(
        standings.begin(), standings.end(),
        [](const Standing& standing) { return standing.verdict == Verdict::kInconclusive; });
    if (doubt != standings.end()) {
        judgement.detail = doubt->detail;
    } else if (!standings.empty()) {
        judgement.verdict = standings[0].verdict;
        judgement.detail = standings[0].detail;
    } else {
        judgement.detail = "no oracle could tell";
    }
}

}  // namespace

std::span<const OracleRow> oracle_list() {
    return kOracles;
}

Judge::Judge(const Scenario& scenario, const Baseline& baseline)
    : scenario_(scenario), baseline_(baseline), matchers_(scenario.expect) {}

Judgement Judge::judge(const TrialRecord& record) const {
    const OracleInput input{scenario_, record, baseline_, matchers_};
    Judgement judgement;
    std::vector<Standing> standings;
    for (const OracleRow& row : kOracles) {
        OracleAnswer answer = row.oracle(input);
        if (row.oracle == reach_oracle && answer.standing) {
            judgement.verdict = answer.standing->verdict;
            judgement.detail = std::move(answer.standing->detail);
            return judgement;
        }
        std::move(answer.accusations.begin(), answer.accusations.end(),
                  std::back_inserter(judgement.accusations));
        if (answer.standing) {
            standings.push_back(std::move(*answer.standing));
        }
    }
    // Stable: among equally grave ones the more trusted oracle comes first.
    std::stable_sort(
        judgement.accusations.begin(), judgement.accusations.end(),
        [](const Accusation& a, const Accusation& b) { return a.verdict > b.verdict; });
    settle(judgement, standings);
    return judgement;
}

Judgement judge(const Scenario& scenario, const TrialRecord& record, const Baseline& baseline) {
    return Judge(scenario, baseline).judge(record);
}

}  // namespace dearth::harness
