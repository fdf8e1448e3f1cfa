#include "harness/sweep/sweep_engine.h"

#include "harness/sweep/module_list.h"
#include "harness/sweep/scenario_sweep.h"
#include "harness/triage/deduplicate.h"
#include "harness/triage/symbolizer.h"

namespace dearth::harness {

Result<SweepSummary> run_sweep(const std::vector<Scenario>& scenarios, const SweepOptions& options,
                               EventSink& sink) {
    SweepSummary summary;
    ModuleList modules;
    Symbolizer symbolizer;
    FindingCollector collector(modules.modules(), symbolizer, options.today);
    for (size_t index = 0; index < scenarios.size() && !options.should_stop(); ++index) {
        ScenarioSweep sweep(scenarios[index], index, options, sink, modules, collector);
        Status status = sweep.run();
        summary.cpu_s += sweep.cpu_s();
        summary.trials += sweep.trials();
        if (!status)
            return status.error();
        summary.applicable.insert(summary.applicable.end(), sweep.exit_codes().begin(),
                                  sweep.exit_codes().end());
        if (summary.reason.empty())
            summary.reason = sweep.reason();
    }
    summary.was_interrupted = options.should_stop();
    return summary;
}

}  // namespace dearth::harness
