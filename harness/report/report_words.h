// The phrases that several reports share, so that one fact reads the same everywhere.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/model/run_facts.h"
#include "harness/report/run_source.h"

namespace dearth::harness {

// "97 handled, 12 unaffected, 8 overflow": harmless first, then in the order of gravity.
std::string verdict_counts_text(const VerdictCounts& counts);

// "nth=17 once", "seed=9 once", "occurrence=2 once".
std::string point_text(const TrialPoint& point);
// "malloc(64)", "calloc(64) aligned to 64".
std::string request_text(const dearth_request& request);
// "41/44 (93%)"; 100% is said only of all.
std::string sites_text(uint64_t failed, uint64_t seen);
// "0.4 s", "2.1 s", "3 min 20 s", "2 h 5 min".
std::string seconds_text(double seconds);
// "2026-01-02T03:04:05Z".
std::string utc_text(uint64_t unix_ms);
// "script.lua:3 in grow"; empty parts are left out.
std::string script_text(const dearth_script_frame& frame);
// "script.lua:3", or nothing when the line is unknown.
std::string script_place(const dearth_script_frame& frame);
// "FAIL", "WARN", "known".
std::string_view disposition_label(Disposition disposition);
// "confirmed 3/3", "flaky 2/3", "not confirmed".
std::string confirmation_text(const Finding& finding);

// At most `frame_count` frames that help a reader, innermost first: process start-up and unnamed
// outermost frames are left out. `left_out` counts what else did not fit.
std::vector<std::string> useful_frames(const std::vector<SymbolFrame>& frames, size_t frame_count,
                                       size_t& left_out);

// All of a run that is printed in one line or number.
struct RunTotals {
    VerdictCounts verdicts = {};
    uint64_t trials = 0;
    uint64_t sites_seen = 0;
    uint64_t sites_failed = 0;
    uint64_t unexplored = 0;
    uint64_t problems = 0;

    bool has_injected() const;
};
RunTotals totals_of(const std::vector<ScenarioFacts>& scenarios);

}  // namespace dearth::harness
