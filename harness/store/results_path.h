// Looks at a results file from outside, before SQLite does: is it there, is it ours, is it whole,
// does anybody write to it? SQLite's own answers come late and in words that do not help.
#pragma once

#include <string>

#include "harness/base/result.h"
#include "harness/base/unique_fd.h"

namespace dearth::harness {

// Fails when `path` is no results file that this dearth can read.
Status check_results_file(const std::string& path);

// Makes an empty file where there was none. Never overwrites results.
Status make_results_file(const std::string& path);

// Takes back what make_results_file made, as long as nothing was written to it.
void forget_empty_file(const std::string& path);

// Keeps other writers out for as long as the descriptor lives; the kernel lets go when the process
// dies, so no stale lock is ever left behind.
Result<UniqueFd> lock_results_file(const std::string& path);

// True when no side file holds trials that the file itself does not have yet.
bool stands_alone(const std::string& path);

}  // namespace dearth::harness
