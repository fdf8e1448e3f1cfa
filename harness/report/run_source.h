// Where reports get a run from. Whoever holds results (the store, a test) stands behind this
// interface; a reporter only ever reads, and computes no verdict.
#pragma once

#include <vector>

#include "harness/base/result.h"
#include "harness/model/run_facts.h"

namespace dearth::harness {

class RunSource {
public:
    virtual ~RunSource() = default;
    virtual Result<RunFacts> run() const = 0;
    // In the order in which they ran.
    virtual Result<std::vector<ScenarioFacts>> scenarios() const = 0;
    // By ordinal, then kind, whatever order they were found in. May be asked for more than once.
    virtual Status for_each_finding(size_t scenario_index,
                                    const FindingCallback& callback) const = 0;
    virtual Status for_each_trial(size_t scenario_index, const TrialCallback& callback) const = 0;
};

}  // namespace dearth::harness
