// The final text of a run for people: what was covered, each finding once with all that is needed
// to act on it, and whether the gate holds.
#pragma once

#include "harness/report/run_source.h"
#include "harness/report/text_sink.h"

namespace dearth::harness {

struct ConsoleOptions {
    bool has_color = false;
    size_t columns = 96;      // lines are at most that long, and never shorter than 80 allows
    size_t frames_shown = 8;  // of one stack
};

Status write_console_report(const RunSource& source, const ConsoleOptions& options, TextSink& sink);

}  // namespace dearth::harness
