// The table of exit codes, gravest first. Interrupted comes right behind our own bugs: what a run
// that was stopped would have said is unknown, so no weaker code may speak for it.
#include "harness/model/exit_code.h"

#include <array>

namespace dearth::harness {
namespace {

constexpr std::array<ExitCodeRow, 9> kRows = {{
    {ExitCode::kInternal, "internal",
     "dearth itself or the machine failed, for instance a full disk.", false},
    {ExitCode::kInterrupted, "interrupted",
     "The run was interrupted; finished trials are kept and --resume goes on.", false},
    {ExitCode::kUsage, "usage", "The command line, the configuration or a scenario is wrong.",
     false},
    {ExitCode::kBaseline, "baseline",
     "A target fails, hangs or does not repeat itself without any injected fault.", false},
    {ExitCode::kFindings, "findings", "At least one finding fails the gate.", true},
    {ExitCode::kIncomplete, "incomplete",
     "Planned points were left out: the time budget was used up or a shard is missing.", true},
    {ExitCode::kStale, "stale",
     "A known finding no longer occurs, or coverage fell below what was recorded.", true},
    {ExitCode::kNothing, "nothing",
     "Nothing was tested: no scenario matched, nothing was allocated or nothing was injected.",
     false},
    {ExitCode::kPassed, "passed", "Everything planned was tested and nothing fails the gate.",
     false},
}};

}  // namespace

std::span<const ExitCodeRow> exit_code_rows() {
    return kRows;
}

ExitCode exit_code_of(ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::kUsage:
            return ExitCode::kUsage;
        case ErrorClass::kBaseline:
            return ExitCode::kBaseline;
        case ErrorClass::kNothing:
            return ExitCode::kNothing;
        case ErrorClass::kInternal:
            return ExitCode::kInternal;
    }
    return ExitCode::kInternal;
}

std::optional<ExitCodeRow> exit_code_row(int code) {
    for (const ExitCodeRow& row : kRows) {
        if (static_cast<int>(row.code) == code)
            return row;
    }
    return std::nullopt;
}

ExitCode decide_exit(std::span<const ExitCode> applicable, bool exit_zero) {
    for (const ExitCodeRow& row : kRows) {
        if (exit_zero && row.is_waived_by_exit_zero)
            continue;
        for (const ExitCode code : applicable) {
            if (code == row.code)
                return code;
        }
    }
    return ExitCode::kPassed;
}

}  // namespace dearth::harness
