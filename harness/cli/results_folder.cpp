#include "harness/cli/results_folder.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

constexpr const char* kFolder = ".dearth";
constexpr const char* kSuffix = ".db";

}  // namespace

Result<std::string> new_results_file(const std::string& run_id) {
    std::error_code problem;
    std::filesystem::create_directories(kFolder, problem);
    if (problem)
        return Error{ErrorClass::kUsage,
                     fmt::format("make folder {}: {}", kFolder, problem.message()),
                     "run dearth where it may write, or name a results file with --db FILE"};
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc = {};
    gmtime_r(&now, &utc);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    return fmt::format("{}/{}-{}{}", kFolder, stamp, run_id, kSuffix);
}

std::vector<std::string> results_files() {
    std::vector<std::string> files;
    std::error_code problem;
    for (std::filesystem::directory_iterator it(kFolder, problem), end; !problem && it != end;
         it.increment(problem)) {
        if (it->path().extension() == kSuffix)
            files.push_back(it->path().string());
    }
    std::sort(files.rbegin(), files.rend());
    return files;
}

}  // namespace dearth::harness
