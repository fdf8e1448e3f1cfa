// Trials in, findings out.
#include "harness/triage/deduplicate.h"

#include <algorithm>
#include <tuple>

#include "harness/base/text.h"
#include "harness/triage/point_schedule.h"
#include "harness/triage/raw_stack_key.h"
#include "harness/triage/signature.h"
#include "harness/triage/stack_trim.h"

namespace dearth::harness {
namespace {

constexpr size_t kStackKeysMax = 500'000;  // some 20 MB
constexpr size_t kErrorTextBytes = 512;

int simplicity_of_kind(uint32_t kind) {
    switch (kind) {
        case DEARTH_KIND_ONCE:
            return 0;
        case DEARTH_KIND_BURST:
            return 1;
        case DEARTH_KIND_STICKY:
            return 2;
        case DEARTH_KIND_PERSISTENT:
            return 3;
        default:
            return 4;
    }
}

auto simplicity(const TrialPoint& point) {
    return std::make_tuple(point.ordinal, simplicity_of_kind(point.kind.kind), point.kind.burst,
                           point.kind.action, point.seed, point.occurrence, point.site);
}

// The place where it broke: for a leak, where the lost block was made.
const dearth_stack& breaking_stack(const Accusation& accusation) {
    // Where in its circle a recursion meets the end of the stack is chance, and another place under
    // each strategy.
    static constexpr dearth_stack kNowhere = {};
    if (accusation.verdict == Verdict::kStackOverflow)
        return kNowhere;
    // A write into a freed block is noticed when the quarantine lets it go, wherever that is: the
    // block's origin says more, and stays the same.
    const bool is_noticed_late =
        accusation.verdict == Verdict::kUseAfterFree && accusation.allocated.depth != 0;
    return accusation.detected.depth != 0 && !is_noticed_late ? accusation.detected
                                                              : accusation.allocated;
}

template <size_t kBytes>
std::string_view bounded_text(const char (&text)[kBytes]) {
    const std::string_view all(text, kBytes);
    return all.substr(0, all.find('\0'));
}

// What the target said: the error of the first step that failed, else its own standard error.
std::string error_text_of(const TrialRecord& record) {
    for (const dearth_step_result& step : record.slot.steps) {
        const std::string_view kind = bounded_text(step.kind);
        const std::string_view message = bounded_text(step.message);
        if (step.status == DEARTH_STATUS_ERROR || step.status == DEARTH_STATUS_ERROR_UNSET) {
            std::string text(kind);
            text += kind.empty() || message.empty() ? "" : ": ";
            text += message;
            if (!text.empty()) {
                return shortened(text, kErrorTextBytes);
            }
        }
    }
    const auto begin =
        static_cast<size_t>(std::min<uint64_t>(record.slot.err_prefix_bytes, record.err.size()));
    return shortened(trim(std::string_view(record.err).substr(begin)), kErrorTextBytes);
}

bool is_listed(const std::vector<Verdict>& verdicts, Verdict verdict) {
    return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
}

}  // namespace

bool is_simpler(const TrialPoint& a, const TrialPoint& b) {
    return simplicity(a) < simplicity(b);
}

DispositionAnswer disposition_of(const Scenario& scenario, Verdict verdict, std::string_view id,
                                 std::string_view today) {
    constexpr size_t kPrefixMin = 8;  // fewer digits would hide other findings too
    for (const KnownFinding& known : scenario.known) {
        const bool is_meant = known.id.size() >= kPrefixMin && id.starts_with(known.id);
        // ISO dates order as text.
        if (is_meant && (known.until.empty() || today <= known.until)) {
            return {Disposition::kKnown, known.reason};
        }
    }
    const Gate& gate = scenario.gate;
    const bool has_lists = !gate.fail_on.empty() || !gate.warn_on.empty();
    const bool fails =
        has_lists ? is_listed(gate.fail_on, verdict) : verdict_row(verdict).fails_gate;
    return {fails ? Disposition::kFails : Disposition::kWarns, ""};
}

FindingCollector::FindingCollector(const std::vector<Module>& modules, FrameSource& source,
                                   std::string today)
    : modules_(modules), source_(source), today_(std::move(today)) {}

std::vector<SymbolFrame> FindingCollector::named(const dearth_stack& stack) {
    if (stack.depth == 0) {
        return {};
    }
    ++named_stacks_count_;
    return people_frames(resolve_stack(stack, modules_, source_));
}

std::string FindingCollector::id_of(const TrialRecord& record, const Accusation& accusation) {
    const std::string_view rule = verdict_row(accusation.verdict).rule;
    const dearth_stack& injected = record.slot.injected;
    const dearth_stack& broke = breaking_stack(accusation);
    const uint64_t key = raw_stack_key(rule, injected, broke);
    const auto place = signature_of_stacks_.find(key);
    if (place != signature_of_stacks_.end()) {
        return signature_id(place->second);
    }
    if (signature_of_stacks_.size() >= kStackKeysMax) {
        signature_of_stacks_.clear();
    }
    const uint64_t value = signature_value(rule, named(injected), named(broke));
    signature_of_stacks_.emplace(key, value);
    return signature_id(value);
}

void FindingCollector::lead(Kept& kept, const Scenario& scenario, const TrialRecord& record,
                            const Accusation& accusation) {
    const dearth_trial_slot& slot = record.slot;
    Finding& finding = kept.finding;
    finding.detail = accusation.detail;
    finding.point = record.point;
    finding.phase = slot.request.phase;
    finding.request = slot.request;
    finding.injected = named(slot.injected);
    finding.detected = named(accusation.detected);
    finding.allocated = named(accusation.allocated);
    finding.freed = named(accusation.freed);
    const size_t depth = std::min<uint32_t>(slot.script_depth, DEARTH_SCRIPT_FRAMES_MAX);
    finding.script.assign(slot.script, slot.script + depth);
    if (!kept.has_minimized_schedule) {
        finding.schedule_text = schedule_text(point_schedule(scenario, record.point));
    }
    finding.error_text = error_text_of(record);
}

std::vector<Sighting> FindingCollector::add(const Scenario& scenario, const TrialRecord& record,
                                            const Judgement& judgement) {
    std::vector<Sighting> sightings;
    for (const Accusation& accusation : judgement.accusations) {
        const std::string id = id_of(record, accusation);
        const bool is_repeat =
            std::any_of(sightings.begin(), sightings.end(),
                        [&id](const Sighting& sighting) { return sighting.id == id; });
        if (is_repeat) {
            continue;
        }
        auto place = kept_.find({scenario.name, id});
        Sighting sighting{id, nullptr, false, false};
        if (place == kept_.end() && kept_.size() >= kKeptMax) {
            ++unkept_count_;
            sightings.push_back(sighting);
            continue;
        }
        if (place == kept_.end()) {
            place = kept_.emplace(Key{scenario.name, id}, Kept{}).first;
            Finding& finding = place->second.finding;
            finding.id = id;
            finding.verdict = accusation.verdict;
            finding.scenario = scenario.name;
            finding.replays = finding.replays_agreeing = 1;
            DispositionAnswer answer = disposition_of(scenario, accusation.verdict, id, today_);
            finding.disposition = answer.disposition;
            finding.known_reason = std::move(answer.known_reason);
            sighting.is_new = true;
        }
        Kept& kept = place->second;
        if (sighting.is_new || is_simpler(record.point, kept.finding.point)) {
            lead(kept, scenario, record, accusation);
            sighting.has_new_lead = true;
        }
        ++kept.finding.trial_count;
        sighting.finding = &kept.finding;
        sightings.push_back(std::move(sighting));
    }
    return sightings;
}

const Finding* FindingCollector::find(std::string_view scenario, const std::string& id) const {
    const auto place = kept_.find({std::string(scenario), id});
    return place == kept_.end() ? nullptr : &place->second.finding;
}

const Finding* FindingCollector::note_replay(std::string_view scenario, const std::string& id,
                                             bool agrees) {
    const auto place = kept_.find({std::string(scenario), id});
    if (place == kept_.end()) {
        return nullptr;
    }
    ++place->second.finding.replays;
    place->second.finding.replays_agreeing += agrees ? 1 : 0;
    return &place->second.finding;
}

void FindingCollector::note_freed(std::string_view scenario, const std::string& id,
                                  const Accusation& accusation) {
    const auto place = kept_.find({std::string(scenario), id});
    if (place != kept_.end() && place->second.finding.freed.empty()) {
        place->second.finding.freed = named(accusation.freed);
    }
}

const Finding* FindingCollector::note_schedule(std::string_view scenario, const std::string& id,
                                               std::string schedule_text) {
    const auto place = kept_.find({std::string(scenario), id});
    if (place == kept_.end()) {
        return nullptr;
    }
    place->second.finding.schedule_text = std::move(schedule_text);
    place->second.has_minimized_schedule = true;
    return &place->second.finding;
}

std::vector<const Finding*> FindingCollector::findings() const {
    std::vector<const Finding*> findings;
    for (const auto& [key, kept] : kept_) {
        findings.push_back(&kept.finding);
    }
    std::sort(findings.begin(), findings.end(), [](const Finding* a, const Finding* b) {
        if (a->scenario != b->scenario) {
            return a->scenario < b->scenario;
        }
        if (a->verdict != b->verdict) {
            return a->verdict > b->verdict;
        }
        return is_simpler(a->point, b->point) || (!is_simpler(b->point, a->point) && a->id < b->id);
    });
    return findings;
}

}  // namespace dearth::harness
