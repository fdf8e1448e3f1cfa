// The standard output of one step, and its comparison with the baseline's.
#include "harness/oracle/step_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/oracle/slot_text.h"

namespace dearth::harness {
namespace {

std::string line_words(std::string_view text, size_t line_begin) {
    if (line_begin >= text.size()) {
        return "missing";
    }
    const std::string_view rest = text.substr(line_begin);
    return quoted(rest.substr(0, rest.find('\n')), 60);
}

}  // namespace

StepOutput step_output(std::string_view kept, const dearth_step_result& step) {
    StepOutput output;
    const bool was_cut = kept.size() >= kOutputKeptBytes;
    if (step.out_end < step.out_begin || (step.out_end > kept.size() && !was_cut)) {
        output.is_valid = false;
        return output;
    }
    output.total_bytes = step.out_end - step.out_begin;
    if (step.out_begin < kept.size()) {
        output.text = kept.substr(static_cast<size_t>(step.out_begin),
                                  static_cast<size_t>(output.total_bytes));
    }
    return output;
}

Sameness compare_output(const StepOutput& trial, const StepOutput& baseline) {
    if (!trial.is_valid || !baseline.is_valid) {
        return Sameness::kUnknown;
    }
    const size_t common = std::min(trial.text.size(), baseline.text.size());
    const bool is_same = trial.total_bytes == baseline.total_bytes &&
                         trial.text.substr(0, common) == baseline.text.substr(0, common);
    return is_same ? Sameness::kSame : Sameness::kDifferent;
}

std::string difference_words(const StepOutput& trial, const StepOutput& baseline) {
    const size_t common = std::min(trial.text.size(), baseline.text.size());
    const size_t at = static_cast<size_t>(
        std::mismatch(trial.text.begin(), trial.text.begin() + static_cast<ptrdiff_t>(common),
                      baseline.text.begin())
            .first -
        trial.text.begin());
    const bool is_beyond_kept = at == common && (trial.text.size() < trial.total_bytes ||
                                                 baseline.text.size() < baseline.total_bytes);
    if (is_beyond_kept) {
        return fmt::format("{} bytes, the baseline has {}", trial.total_bytes,
                           baseline.total_bytes);
    }
    const std::string_view before = baseline.text.substr(0, at);
    const size_t line_end = before.rfind('\n');
    const size_t line_begin = line_end == std::string_view::npos ? 0 : line_end + 1;
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return fmt::format("line {} is {}, the baseline has {}", line,
                       line_words(trial.text, line_begin), line_words(baseline.text, line_begin));
}

}  // namespace dearth::harness
