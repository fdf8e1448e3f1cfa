// The two strategies must give the same verdict, for the same reason, at the same call site, for
// every point of every shipped scenario. One test a scenario file; a disagreement is a bug of ours.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/end_to_end/dearth_process.h"
#include "tests/end_to_end/strategies.h"

namespace dearth::harness {
namespace {

std::vector<std::string> scenario_files(const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(shipped(folder))) {
        const std::string path = entry.path();
        // The nightly ones are swept by tests of their own label.
        if (path.ends_with(".dearth.yaml") && !path.ends_with("/startup.dearth.yaml"))
            files.push_back(path);
    }
    std::ranges::sort(files);
    return files;
}

class Strategies : public testing::TestWithParam<std::string> {};

TEST_P(Strategies, AgreeOnEveryPoint) {
    EXPECT_GT(expect_same_trials(GetParam()), 0u);
}

INSTANTIATE_TEST_SUITE_P(Lua, Strategies, testing::ValuesIn(scenario_files("lua")),
                         scenario_test_name);
INSTANTIATE_TEST_SUITE_P(CPython, Strategies, testing::ValuesIn(scenario_files("cpython")),
                         scenario_test_name);

}  // namespace
}  // namespace dearth::harness
