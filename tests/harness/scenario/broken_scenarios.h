// Scenario texts with something wrong, by theme: the input of the approved-text tests. Each theme
// is one file in approved/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dearth::harness {

struct BrokenScenario {
    std::string title;
    std::string yaml;
};

struct BrokenTheme {
    std::string_view name;
    std::vector<BrokenScenario> scenarios;
};

std::vector<BrokenTheme> broken_themes();

}  // namespace dearth::harness
