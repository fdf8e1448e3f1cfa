// What a report for people must know of all findings before it shows the first: which scenarios
// share one, how many digits tell the ids apart, which findings are told in one paragraph.
//
// A block lost, or a loop without end, is one place to mend however many failed requests lead to
// it, so leaks of the same block and hangs in the same functions follow the first of their kind.
// Everything else breaks where the failed request was not checked, and stands alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/finding.h"
#include "harness/report/finding_text.h"
#include "harness/report/run_source.h"

namespace dearth::harness {

// One id over all scenarios of the run.
struct FindingEntry {
    std::vector<std::string> scenarios;  // that show it or one of its followers
    uint64_t trial_count = 0;
    Disposition disposition = Disposition::kKnown;
    size_t shown_by = 0;  // index of the scenario that has it as it is shown
    bool is_follower = false;
    std::vector<FollowingFinding> followers;  // told with this one, in the order of the report
};

struct FindingOverview {
    std::map<std::string, FindingEntry> entries;  // by id
    size_t id_digits = 0;
    std::map<Disposition, uint64_t> counts;  // of ids, followers included
    std::vector<Verdict> failing;            // gravest first, each once

    // True when the finding, as this scenario has it, gets a paragraph of its own.
    bool leads(const Finding& finding, size_t scenario_index) const;
};

Result<FindingOverview> overview_of(const RunSource& source,
                                    const std::vector<ScenarioFacts>& scenarios);

}  // namespace dearth::harness
