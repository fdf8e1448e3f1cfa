// One oracle judges one property of one trial: a pure function of (scenario, record, baseline).
//
// Contract of an oracle:
// - it reads nothing else, keeps nothing, and gives the same answer for the same input;
// - what the target wrote is untrusted: counts are clamped, texts end at their array's end, a
//   value that makes no sense is "cannot tell", never "clean";
// - it accuses only on facts that stand in the record, and says in one line which;
// - about a property that is not its own it says nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/model/trial.h"
#include "harness/oracle/text_match.h"

namespace dearth::harness {

// What is there for every oracle to see. The matchers belong to `scenario`.
struct OracleInput {
    const Scenario& scenario;
    const TrialRecord& record;
    const Baseline& baseline;
    const ExpectationMatchers& matchers;
};

// What a trial is when nobody accuses: not-reached, inconclusive, handled or unaffected.
struct Standing {
    Verdict verdict = Verdict::kInconclusive;
    std::string detail;
};

struct OracleAnswer {
    std::vector<Accusation> accusations;
    std::optional<Standing> standing;

    static OracleAnswer nothing() { return {}; }
    static OracleAnswer stands(Verdict verdict, std::string detail);
    static OracleAnswer accuses(Verdict verdict, std::string detail);
};

using Oracle = OracleAnswer (*)(const OracleInput& input);

// Was anything injected, and can the record be read at all? Its standing is final.
OracleAnswer reach_oracle(const OracleInput& input);
// Misuse of the heap, as the layers found it.
OracleAnswer heap_oracle(const OracleInput& input);
// The same of any slot, whatever a scenario makes of it: a baseline's, for instance.
OracleAnswer misuse_answer(const dearth_trial_slot& slot);
// How the process ended: signals, deadlines, livelocks, early exits.
OracleAnswer end_oracle(const OracleInput& input);
// What open, run and close reported, and whether success came with the baseline's output.
OracleAnswer outcome_oracle(const OracleInput& input);
// A program's exit status, its output, and what it wrote on standard error.
OracleAnswer program_oracle(const OracleInput& input);
// Blocks alive after close that the baseline does not leave; of a whole program, the lost ones.
OracleAnswer leak_oracle(const OracleInput& input);
// The same work once more without faults: same answer as the baseline?
OracleAnswer after_oracle(const OracleInput& input);

}  // namespace dearth::harness
