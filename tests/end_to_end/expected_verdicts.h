// expected.txt beside scenarios: which verdict each must show.
#pragma once

#include <string>
#include <vector>

namespace dearth::harness {

struct ExpectedVerdict {
    std::string scenario;
    std::string verdict;  // or "clean"
};

// `path` below the scenarios folder.
std::vector<ExpectedVerdict> read_expected_verdicts(const std::string& path);

// The scenario's name as a legal test name.
std::string test_name_of(const ExpectedVerdict& expected);

}  // namespace dearth::harness
