// Scenario files to scenarios: all errors of a file at once, each with its place.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/scenario.h"
#include "harness/scenario/diagnostic.h"

namespace dearth::harness {

struct LoadReport {
    std::vector<Scenario> scenarios;  // empty when there are diagnostics
    std::vector<Diagnostic> diagnostics;
    // What kind of trouble `diagnostics` are; kNothing when a folder holds no scenario.
    ErrorClass error_class = ErrorClass::kUsage;
    size_t files = 0;

    bool ok() const { return diagnostics.empty(); }
};

// Text as if it stood in the file `path`; scripts it names are read relative to that.
LoadReport read_scenario_text(const std::string& path, std::string text);
LoadReport read_scenario_file(const std::string& path);

// Files, folders and scripts, in this order, each folder sorted: what `dearth check PATH...`
// prints and `dearth run PATH...` runs. A file reached by two paths is read once. Scenarios of
// different files may share a name: results are told apart by file too.
LoadReport read_scenario_paths(std::span<const std::string> paths);

// The error's message is a headline, then every diagnostic in its printed shape.
Result<std::vector<Scenario>> load_scenario_file(const std::string& path);
Result<std::vector<Scenario>> load_scenario_paths(std::span<const std::string> paths);
// `dearth check`: are all of them right?
Status check_scenario_paths(std::span<const std::string> paths);

}  // namespace dearth::harness
