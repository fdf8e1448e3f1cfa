// `inject` to Injection; see injection_decode.h.
#include "harness/scenario/injection_decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/base/text.h"
#include "harness/scenario/scenario_values.h"
#include "harness/scenario/window_decode.h"

namespace dearth::harness {
namespace {

class InjectionDecoder {
public:
    InjectionDecoder(const YamlEntry& inject, DiagnosticSink& sink)
        : inject_(inject.value), place_(inject.key_place), sink_(sink) {}

    Injection decode();

private:
    void decode_text(const YamlNode& text);
    void adopt_schedule(const dearth_schedule& schedule);
    void decode_schedule(const YamlNode& schedule);
    void decode_seed(const YamlNode& schedule);
    void decode_points();
    void decode_kinds();
    void make_term(const YamlNode& schedule);
    // Reports an option that the chosen selector has no use for.
    void refuse(const YamlNode& schedule, std::string_view option, bool is_useful,
                std::string_view hint);

    const YamlNode& inject_;
    Place place_;
    DiagnosticSink& sink_;
    Injection injection_ = default_injection();
};

Injection InjectionDecoder::decode() {
    decode_points();
    if (const YamlNode* text = inject_.scalar("text")) {
        decode_text(*text);
        return injection_;
    }
    static const YamlNode kNoSchedule;
    const YamlNode* schedule = inject_.find("schedule");
    if (schedule == nullptr) {
        schedule = &kNoSchedule;
    }
    decode_schedule(*schedule);
    decode_kinds();
    decode_window(inject_, injection_.when, injection_.unless, sink_);
    if (!injection_.is_sweep) {
        make_term(*schedule);
    }
    return injection_;
}

void InjectionDecoder::decode_text(const YamlNode& text) {
    for (const YamlEntry& entry : inject_.entries) {
        if (entry.key != "text" && entry.key != "points") {
            sink_.report(entry.key_place, "conflict",
                         fmt::format("`{}` cannot stand beside `text`", entry.key),
                         "`text` says all of it");
        }
    }
    dearth_schedule schedule = {};
    std::array<char, 256> error = {};
    size_t offset = 0;
    if (dearth_schedule_parse(text.text.c_str(), &schedule, error.data(), error.size(), &offset) !=
        0) {
        Place place = text.place;
        const bool is_block =
            text.style == YamlNode::Style::kLiteral || text.style == YamlNode::Style::kFolded;
        if (!is_block && !text.spans_lines && !text.is_substituted) {
            place.column += offset + (text.style == YamlNode::Style::kQuoted ? 1 : 0);
            place.length = std::max<size_t>(1, std::strcspn(text.text.c_str() + offset, ";|"));
        }
        sink_.report(place, "bad-schedule", error.data());
        return;
    }
    adopt_schedule(schedule);
}

// A single range is a sweep of it, one trial an ordinal. Everything else is a schedule as it
// stands, one trial a seed: lists, several terms, bounds and bytes have no place in a sweep.
void InjectionDecoder::adopt_schedule(const dearth_schedule& schedule) {
    dearth_term plain = {};
    dearth_term_default(&plain);
    injection_.schedule = schedule;
    const uint32_t run_mask = injection_.when.phase_mask;
    for (uint32_t index = 0; index < schedule.term_count; ++index) {
        dearth_filter& when = injection_.schedule.terms[index].when;
        when.phase_mask = when.phase_mask == 0 ? run_mask : when.phase_mask;
        if (schedule.terms[index].selector == DEARTH_SELECT_PROBABILITY) {
            injection_.seed_first = schedule.terms[index].seed;
            injection_.seed_last = schedule.terms[index].seed;
        }
    }
    const dearth_term& term = injection_.schedule.terms[0];
    injection_.when = term.when;
    injection_.unless = term.unless;
    injection_.kinds = {{term.kind, term.burst, term.action}};
    injection_.is_sweep =
        schedule.term_count == 1 && term.selector == DEARTH_SELECT_RANGE && term.times == 0 &&
        term.after == 0 && term.corrupt_bytes == plain.corrupt_bytes &&
        term.corrupt_offset == plain.corrupt_offset && term.fill_byte == plain.fill_byte;
    if (injection_.is_sweep) {
        injection_.first = term.first;
        injection_.last = term.last;
        injection_.schedule = {};
    } else if (inject_.find("points") != nullptr) {
        sink_.report(inject_.find_entry("points")->key_place, "conflict",
                     "`points` is for a single range, `nth=A..B`");
    }
}

void InjectionDecoder::refuse(const YamlNode& schedule, std::string_view option, bool is_useful,
                              std::string_view hint) {
    const YamlEntry* entry = schedule.find_entry(option);
    if (entry != nullptr && !is_useful) {
        sink_.report(entry->key_place, "conflict",
                     fmt::format("`{}` means nothing with this selector", option),
                     std::string(hint));
    }
}

void InjectionDecoder::decode_schedule(const YamlNode& schedule) {
    const bool is_random = schedule.find("probability") != nullptr;
    const bool is_periodic = schedule.find("every") != nullptr;
    const bool is_budget = schedule.find("budget") != nullptr;
    injection_.is_sweep = !is_random && !is_periodic && !is_budget;
    refuse(schedule, "step", injection_.is_sweep, "it belongs to `nth`");
    refuse(schedule, "after", is_random || is_periodic,
           injection_.is_sweep ? "start the range later: `nth: A..`" : "");
    refuse(schedule, "times", !injection_.is_sweep, "each trial of `nth` has its own fault");
    if (const YamlNode* nth = schedule.scalar("nth")) {
        if (const auto range = ordinals_from_text(nth->text)) {
            injection_.first = range->first;
            injection_.last = range->last;
        }
    }
    if (const YamlNode* step = schedule.scalar("step")) {
        injection_.step = std::max<uint64_t>(1, whole_number_from_text(step->text).value_or(1));
    }
    decode_seed(schedule);
}

void InjectionDecoder::decode_seed(const YamlNode& schedule) {
    const YamlEntry* seed = schedule.find_entry("seed");
    const bool is_random = schedule.find("probability") != nullptr;
    const bool is_sample = injection_.points == PointSelection::kSample;
    refuse(schedule, "seed", is_random || is_sample,
           "it belongs to `probability`, or to `points: sample:K`");
    const auto seeds = seed != nullptr ? seeds_from_text(seed->value.text) : std::nullopt;
    if (!seeds) {
        return;
    }
    if (is_random) {
        injection_.seed_first = seeds->first;
        injection_.seed_last = seeds->last;
    } else if (seeds->first != seeds->last) {
        sink_.report(seed->value.place, "conflict", "a sample has one seed");
    } else {
        injection_.sample_seed = seeds->first;
    }
}

void InjectionDecoder::decode_points() {
    const YamlEntry* points = inject_.find_entry("points");
    if (points == nullptr) {
        return;
    }
    if (const auto choice = points_from_text(points->value.text)) {
        injection_.points = choice->selection;
        injection_.sample_count = choice->sample_count;
    }
    const YamlNode* schedule = inject_.find("schedule");
    const bool is_sweep =
        schedule == nullptr || !schedule->is_map() || schedule->find("nth") != nullptr;
    if (!is_sweep) {
        sink_.report(points->key_place, "conflict", "`points` chooses among the ordinals of `nth`",
                     "leave it out");
    }
}

void InjectionDecoder::decode_kinds() {
    uint32_t action = DEARTH_ACTION_FAIL;
    if (const YamlNode* word = inject_.scalar("action")) {
        for (uint32_t candidate = 0; candidate <= DEARTH_ACTION_FILL; ++candidate) {
            if (const char* name = dearth_action_name(candidate); name == word->text) {
                action = candidate;
            }
        }
    }
    const std::vector<const YamlNode*> words = inject_.scalars("kind");
    if (inject_.find("kind") != nullptr) {
        injection_.kinds.clear();
    } else if (!injection_.is_sweep) {
        injection_.kinds = {SweepKind{}};
    }
    for (const YamlNode* word : words) {
        const auto kind = sweep_kind_from_text(word->text);
        if (!kind) {
            continue;
        }
        if (std::find(injection_.kinds.begin(), injection_.kinds.end(), *kind) !=
            injection_.kinds.end()) {
            sink_.report(word->place, "conflict",
                         fmt::format("the kind `{}` is named twice", word->text));
        } else if (injection_.kinds.size() == 1 && !injection_.is_sweep) {
            sink_.report(word->place, "conflict", "this schedule takes one kind",
                         "make two `cases` of it");
        } else if (injection_.kinds.size() == DEARTH_SWEEP_KINDS_MAX) {
            sink_.report(word->place, "conflict",
                         fmt::format("more than {} kinds", int{DEARTH_SWEEP_KINDS_MAX}));
        } else {
            injection_.kinds.push_back(*kind);
        }
    }
    const YamlNode* kind = inject_.find("kind");
    if (kind != nullptr && kind->is_list() && kind->items.empty()) {
        sink_.report(kind->place, "bad-value", "`kind` names none, so nothing would fail");
    }
    for (SweepKind& one : injection_.kinds) {
        one.action = action;
    }
}

void InjectionDecoder::make_term(const YamlNode& schedule) {
    dearth_term term = {};
    dearth_term_default(&term);
    if (!injection_.kinds.empty()) {
        term.kind = injection_.kinds.front().kind;
        term.burst = injection_.kinds.front().burst;
        term.action = injection_.kinds.front().action;
    }
    const auto number = [&](std::string_view key, uint64_t otherwise) {
        const YamlNode* node = schedule.scalar(key);
        return node != nullptr ? whole_number_from_text(node->text).value_or(otherwise) : otherwise;
    };
    term.after = number("after", 0);
    term.times = number("times", 0);
    if (schedule.find("every") != nullptr) {
        term.selector = DEARTH_SELECT_EVERY;
        term.first = std::max<uint64_t>(1, number("every", 1));
    } else if (const YamlNode* probability = schedule.scalar("probability")) {
        term.selector = DEARTH_SELECT_PROBABILITY;
        term.probability_ppb = probability_ppb_from_text(probability->text).value_or(0);
        term.seed = injection_.seed_first;
    } else if (const YamlNode* budget = schedule.scalar("budget")) {
        term.selector = DEARTH_SELECT_BUDGET;
        term.budget_bytes = size_from_text(budget->text).value_or(0);
    }
    term.when = injection_.when;
    term.unless = injection_.unless;
    injection_.schedule.term_count = 1;
    injection_.schedule.terms[0] = term;
}

}  // namespace

Injection default_injection() {
    Injection injection;
    injection.when.phase_mask = 1u << DEARTH_PHASE_RUN;
    return injection;
}

Injection decode_injection(const YamlEntry& inject, DiagnosticSink& sink) {
    if (!inject.value.is_map()) {
        return default_injection();
    }
    return InjectionDecoder(inject, sink).decode();
}

}  // namespace dearth::harness
