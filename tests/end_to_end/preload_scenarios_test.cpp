// Every scenario of scenarios/preload: green, and the same under both strategies.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/end_to_end/dearth_process.h"
#include "tests/end_to_end/strategies.h"

namespace dearth::harness {
namespace {

std::vector<std::string> preload_scenarios() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(shipped("preload"))) {
        const std::string path = entry.path();
        if (path.ends_with(".dearth.yaml"))
            files.push_back(path);
    }
    std::ranges::sort(files);
    return files;
}

class PreloadScenario : public testing::TestWithParam<std::string> {};

TEST_P(PreloadScenario, IsGreen) {
    const WorkFolder folder;
    const DearthRun run = run_dearth({"run", "-q", GetParam()});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

TEST_P(PreloadScenario, IsTheSameUnderBothStrategies) {
    // Which call site comes first is a race there, and both strategies are exec.
    if (GetParam().ends_with("cxx-threads.dearth.yaml"))
        GTEST_SKIP() << "threads: no two runs are the same";
    EXPECT_GT(expect_same_trials(GetParam()), 0u);
}

INSTANTIATE_TEST_SUITE_P(Shipped, PreloadScenario, testing::ValuesIn(preload_scenarios()),
                         scenario_test_name);

}  // namespace
}  // namespace dearth::harness
