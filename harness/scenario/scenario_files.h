// Scenario files and scripts on disk: finding them, reading them, naming them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/scenario.h"

namespace dearth::harness {

inline constexpr std::string_view kScenarioSuffix = ".dearth.yaml";
inline constexpr size_t kScriptBytesMax = 8u << 20;

// The whole of a regular file of at most `max_bytes`. The error's message is the reason alone
// ("No such file or directory"): the caller knows what it wanted the file for.
Result<std::string> read_text_file(const std::string& path, size_t max_bytes);

// A scenario file or script itself; of a folder, all scenario files at any depth, sorted by path.
// A folder without any is an error of class kNothing.
Result<std::vector<std::string>> discover_scenarios(const std::string& path);

bool is_scenario_path(std::string_view path);
// Whether an engine is known by the file's suffix: .lua, .py.
bool is_script_path(std::string_view path);

// "tables" of "lua/tables.dearth.yaml"; not yet a legal name.
std::string scenario_stem(std::string_view path);

// What `dearth run x.lua` means: the engine by the suffix unless it is named, every request of the
// script once and persistent, all else by default.
Result<Scenario> scenario_for_script(const std::string& path,
                                     std::optional<Engine> engine = std::nullopt);

// What `dearth run -- CMD ARG...` means: engine exec in the user's own environment, every request
// once and persistent, all else by default. `command` is not empty. The scenario has no file.
Scenario scenario_for_command(const std::vector<std::string>& command);

}  // namespace dearth::harness
