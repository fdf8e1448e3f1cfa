// Two passes over the findings: a later scenario may change how an earlier finding counts, so who
// follows whom can be said only when all have been seen.
#include "harness/report/finding_overview.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/report/report_words.h"

namespace dearth::harness {
namespace {

constexpr size_t kIdDigitsMin = 8;

// The fewest digits, at least eight, that tell all ids apart.
size_t digits_for(const std::map<std::string, FindingEntry>& entries) {
    size_t digits = kIdDigitsMin;
    const std::string* previous = nullptr;
    for (const auto& [id, entry] : entries) {
        if (previous != nullptr) {
            const auto differs =
                std::mismatch(previous->begin(), previous->end(), id.begin(), id.end());
            digits = std::max(digits, static_cast<size_t>(differs.second - id.begin()) + 1);
        }
        previous = &id;
    }
    return digits;
}

void append_block(std::string& text, const std::vector<SymbolFrame>& allocated) {
    for (const SymbolFrame& frame : allocated)
        text += fmt::format("\n{}+{:#x} {}", frame.module, frame.offset, frame_text(frame));
}

// Functions only: the deadline meets a loop at any of its lines.
void append_loop(std::string& text, const std::vector<SymbolFrame>& detected) {
    for (const SymbolFrame& frame : detected)
        text += '\n' + (frame.function.empty() ? frame_text(frame) : frame.function);
}

// Equal for findings that are told together; empty for one that stands alone.
std::string meeting_place(const Finding& finding) {
    std::string stack;
    if (finding.verdict == Verdict::kLeak)
        append_block(stack, finding.allocated);
    else if (finding.verdict == Verdict::kHang)
        append_loop(stack, finding.detected);
    if (stack.empty())
        return stack;
    return fmt::format("{} {}\n{}{}", verdict_name(finding.verdict),
                       disposition_label(finding.disposition), finding.known_reason, stack);
}

bool is_shown(const FindingEntry& entry, const Finding& finding, size_t scenario_index) {
    return entry.disposition == finding.disposition && entry.shown_by == scenario_index;
}

void note(FindingOverview& overview, const Finding& finding, const ScenarioFacts& facts) {
    const auto [place, is_new] = overview.entries.try_emplace(finding.id);
    FindingEntry& entry = place->second;
    entry.scenarios.push_back(facts.name);
    entry.trial_count += finding.trial_count;
    // A finding that any scenario lets fail, fails, and is shown as that one has it.
    if (is_new || finding.disposition < entry.disposition) {
        entry.disposition = finding.disposition;
        entry.shown_by = facts.scenario_index;
    }
    if (finding.disposition == Disposition::kFails)
        overview.failing.push_back(finding.verdict);
}

// `leaders`: id of the first finding of each meeting place.
void gather(FindingOverview& overview, const Finding& finding, size_t scenario_index,
            std::map<std::string, std::string>& leaders) {
    FindingEntry& entry = overview.entries.at(finding.id);
    const std::string place = meeting_place(finding);
    if (place.empty() || !is_shown(entry, finding, scenario_index))
        return;
    const auto [leader, is_first] = leaders.try_emplace(place, finding.id);
    if (is_first)
        return;
    entry.is_follower = true;
    FindingEntry& lead = overview.entries.at(leader->second);
    lead.followers.push_back({finding.id, entry.trial_count, confirmation_text(finding)});
    for (const std::string& name : entry.scenarios) {
        if (std::find(lead.scenarios.begin(), lead.scenarios.end(), name) == lead.scenarios.end())
            lead.scenarios.push_back(name);
    }
}

template <typename Visit>
Status for_each_finding(const RunSource& source, const std::vector<ScenarioFacts>& scenarios,
                        const Visit& visit) {
    for (const ScenarioFacts& facts : scenarios) {
        const Status status =
            source.for_each_finding(facts.scenario_index, [&](const Finding& finding) -> Status {
                visit(finding, facts);
                return Done{};
            });
        if (!status)
            return status;
    }
    return Done{};
}

}  // namespace

bool FindingOverview::leads(const Finding& finding, size_t scenario_index) const {
    const FindingEntry& entry = entries.at(finding.id);
    return !entry.is_follower && is_shown(entry, finding, scenario_index);
}

Result<FindingOverview> overview_of(const RunSource& source,
                                    const std::vector<ScenarioFacts>& scenarios) {
    FindingOverview overview;
    Status status = for_each_finding(source, scenarios,
                                     [&](const Finding& finding, const ScenarioFacts& facts) {
                                         note(overview, finding, facts);
                                     });
    if (!status)
        return status.error();
    std::map<std::string, std::string> leaders;
    status = for_each_finding(source, scenarios,
                              [&](const Finding& finding, const ScenarioFacts& facts) {
                                  gather(overview, finding, facts.scenario_index, leaders);
                              });
    if (!status)
        return status.error();
    for (const auto& [id, entry] : overview.entries)
        ++overview.counts[entry.disposition];
    std::sort(overview.failing.begin(), overview.failing.end(), std::greater<>());
    overview.failing.erase(std::unique(overview.failing.begin(), overview.failing.end()),
                           overview.failing.end());
    overview.id_digits = digits_for(overview.entries);
    return overview;
}

}  // namespace dearth::harness
