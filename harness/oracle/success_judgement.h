// What to think of a trial that says it went well: did the scenario want that, and is its output
// the one of the baseline?
#pragma once

#include <string>

#include "harness/oracle/oracle.h"
#include "harness/oracle/step_output.h"

namespace dearth::harness {

struct OutputDifference {
    Sameness sameness = Sameness::kSame;
    std::string detail;  // different, unknown: one line
};

OracleAnswer judge_success(const OracleInput& input, const OutputDifference& difference);

}  // namespace dearth::harness
