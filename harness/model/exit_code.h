// The exit codes of the command line: what each means, and which wins when several apply. They are
// part of the public interface; the table in the .cpp file is the only list.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "harness/base/result.h"

namespace dearth::harness {

enum class ExitCode : int {
    kPassed = 0,
    kFindings = 1,
    kUsage = 2,
    kBaseline = 3,
    kNothing = 4,
    kStale = 5,
    kIncomplete = 6,
    kInternal = 70,
    kInterrupted = 130,
};

struct ExitCodeRow {
    ExitCode code;
    std::string_view name;      // "findings"
    std::string_view sentence;  // "At least one finding fails the gate."
    bool is_waived_by_exit_zero;
};

// Every code once, the one that wins first.
std::span<const ExitCodeRow> exit_code_rows();
// What an error of that class ends a run with.
ExitCode exit_code_of(ErrorClass error_class);
std::optional<ExitCodeRow> exit_code_row(int code);

// The code that wins among those that apply; passed when none does. `exit_zero` drops the codes
// that only say what was found. They are dropped before the choice, so that a run that tested
// nothing stays red even where a waived code would have won.
ExitCode decide_exit(std::span<const ExitCode> applicable, bool exit_zero);

}  // namespace dearth::harness
