// One finding as a block of text for people. Shared by the final report and by whoever shows a
// single finding.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/model/finding.h"
#include "harness/report/console_reporter.h"

namespace dearth::harness {

// Another failed site with the same end, told in the same paragraph.
struct FollowingFinding {
    std::string id;
    uint64_t trial_count = 0;
    std::string confirmation;  // confirmation_text
};

// What the finding alone does not know: its neighbours.
struct FindingContext {
    size_t id_digits = 8;                      // so many tell it from all other findings of the run
    std::vector<std::string> other_scenarios;  // that show it, or a follower
    std::vector<FollowingFinding> followers;
};

std::string finding_text(const Finding& finding, const FindingContext& context,
                         const ConsoleOptions& options);
// The first line only, for a live display: "FAIL  DT1001 overflow  table-sweep  nth=17 once ...".
std::string finding_headline(const Finding& finding, bool has_color);

}  // namespace dearth::harness
