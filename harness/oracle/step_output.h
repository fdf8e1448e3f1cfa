// The standard output of one step of a trial, cut out of what was kept, and its comparison with
// the baseline's. Offsets come from the target and are untrusted.
#pragma once

#include <string>
#include <string_view>

#include "harness/model/trial.h"

namespace dearth::harness {

// Output beyond this many bytes is not kept (model/trial.h).
inline constexpr size_t kOutputKeptBytes = 64 * 1024;

struct StepOutput {
    std::string_view text;     // what was kept of it
    uint64_t total_bytes = 0;  // what the step wrote
    bool is_valid = true;      // false: the offsets contradict what was kept
};

StepOutput step_output(std::string_view kept, const dearth_step_result& step);

enum class Sameness : uint8_t { kSame, kDifferent, kUnknown };

// What was kept of both must agree, and the total lengths.
Sameness compare_output(const StepOutput& trial, const StepOutput& baseline);

// `line 3 is "x", the baseline has "y"`; for outputs that differ.
std::string difference_words(const StepOutput& trial, const StepOutput& baseline);

}  // namespace dearth::harness
