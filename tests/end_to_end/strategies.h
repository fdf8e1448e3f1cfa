// Sweeps a scenario by fork and by exec and holds the results against each other.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace dearth::harness {

// Fails the running test for every point on which the strategies disagree: verdict, findings,
// call site. Returns the trials of one strategy.
size_t expect_same_trials(const std::string& scenario_file);

// A legal test name from a scenario file's name.
std::string scenario_test_name(const testing::TestParamInfo<std::string>& instance);

}  // namespace dearth::harness
