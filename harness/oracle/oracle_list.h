// The explicit list of oracles, in order of trust, and the judgement made of their answers.
#pragma once

#include <span>
#include <string_view>

#include "harness/oracle/oracle.h"

namespace dearth::harness {

struct OracleRow {
    std::string_view name;
    Oracle oracle;
};

// Facts the layers wrote down come before what the process's end says, that before what the
// target says of itself, that before comparisons.
std::span<const OracleRow> oracle_list();

// Judges the trials of one scenario; compiles its patterns once. Keeps references: scenario and
// baseline must outlive it. `judge` is const and may run on several threads.
class Judge {
public:
    Judge(const Scenario& scenario, const Baseline& baseline);

    Judgement judge(const TrialRecord& record) const;

private:
    const Scenario& scenario_;
    const Baseline& baseline_;
    ExpectationMatchers matchers_;
};

// One trial alone; compiles the scenario's patterns for it.
Judgement judge(const Scenario& scenario, const TrialRecord& record, const Baseline& baseline);

}  // namespace dearth::harness
