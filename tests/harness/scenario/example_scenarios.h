// Right scenarios that between them use every key of the table, and the ones of the README.
#pragma once

#include <string>
#include <vector>

namespace dearth::harness {

std::vector<std::string> complete_scenarios();
// Every ```yaml block of scenarios/README.md.
std::vector<std::string> readme_scenarios();
std::string readme_path();

}  // namespace dearth::harness
