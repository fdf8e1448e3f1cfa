// A results file as the source of reports: the bridge between store and report, which do not know
// each other.
#pragma once

#include "harness/report/run_source.h"
#include "harness/store/result_reader.h"

namespace dearth::harness {

class StoreSource final : public RunSource {
public:
    explicit StoreSource(ResultReader reader) : reader_(std::move(reader)) {}

    Result<RunFacts> run() const override;
    Result<std::vector<ScenarioFacts>> scenarios() const override;
    Status for_each_finding(size_t scenario_index, const FindingCallback& callback) const override;
    Status for_each_trial(size_t scenario_index, const TrialCallback& callback) const override;

private:
    ResultReader reader_;
};

}  // namespace dearth::harness
