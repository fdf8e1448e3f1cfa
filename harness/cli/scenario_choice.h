// From paths on the command line to scenarios: files, folders and scripts, filtered by name and
// tag, changed by overrides.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/cli/arguments.h"
#include "harness/model/scenario.h"

namespace dearth::harness {

// All scenarios of all paths. The error lists every mistake in every file, or says that nothing
// matched.
Result<std::vector<Scenario>> choose_scenarios(const ScenarioChoice& choice);

// One scenario of a file or script, by name: for replay.
Result<Scenario> load_named_scenario(const std::string& path, const std::string& name,
                                     Engine engine);

// The pass of the page guard that has this name, or the scenario as it is.
Scenario pass_or_itself(Scenario scenario, const std::string& name);

// Applies what the command line says over what the scenario says.
Status apply_overrides(const ScenarioOverrides& overrides, uint64_t seed,
                       std::vector<Scenario>& scenarios);

}  // namespace dearth::harness
