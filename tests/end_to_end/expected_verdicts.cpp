#include "tests/end_to_end/expected_verdicts.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/end_to_end/dearth_process.h"

namespace dearth::harness {

std::vector<ExpectedVerdict> read_expected_verdicts(const std::string& path) {
    std::vector<ExpectedVerdict> rows;
    std::ifstream file(shipped(path));
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        ExpectedVerdict row;
        if (line.starts_with("#") || !(words >> row.scenario >> row.verdict))
            continue;
        rows.push_back(row);
    }
    return rows;
}

std::string test_name_of(const ExpectedVerdict& expected) {
    std::string name = expected.scenario;
    std::ranges::replace(name, '-', '_');
    return name;
}

}  // namespace dearth::harness
