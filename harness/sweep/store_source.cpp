// Forwards only: both sides already speak in the model's types.
#include "harness/sweep/store_source.h"

namespace dearth::harness {

Result<RunFacts> StoreSource::run() const {
    return reader_.run();
}

Result<std::vector<ScenarioFacts>> StoreSource::scenarios() const {
    return reader_.scenarios();
}

Status StoreSource::for_each_finding(size_t scenario_index, const FindingCallback& callback) const {
    return reader_.for_each_finding(scenario_index, callback);
}

Status StoreSource::for_each_trial(size_t scenario_index, const TrialCallback& callback) const {
    return reader_.for_each_trial(scenario_index, callback);
}

}  // namespace dearth::harness
