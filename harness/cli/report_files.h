// `--report KIND=FILE`: which reports go where, and writing them all from one source.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/cli/terminal.h"
#include "harness/report/live_display.h"
#include "harness/report/run_source.h"

namespace dearth::harness {

enum class ReportKind : uint8_t { kConsole, kJsonl, kJunit };

struct ReportFile {
    ReportKind kind = ReportKind::kConsole;
    std::string path;  // "-": standard output
    bool is_strict = false;
};

// Checks kinds and that each file can be written, before anything runs.
Result<std::vector<ReportFile>> parse_report_files(const std::vector<std::string>& texts,
                                                   const std::string& junit_dialect);

// All reports; the console report goes to standard output unless another report goes there.
// `results_path` is named in the console report's last line.
Status write_reports(const RunSource& source, const std::vector<ReportFile>& files,
                     const Terminal& terminal, const std::string& results_path);

LiveOptions live_options(const Terminal& terminal);

}  // namespace dearth::harness
