// Where results files are when nobody says: .dearth in the working directory, one file a run, named
// by time so that the newest sorts last.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.h"

namespace dearth::harness {

// A name for a new results file; makes the folder.
Result<std::string> new_results_file(const std::string& run_id);

// All results files, newest first. Empty when there is none.
std::vector<std::string> results_files();

}  // namespace dearth::harness
