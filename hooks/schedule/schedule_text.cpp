// Text form to schedule: terms between `|`, fields between `;`, each read by its row of the field
// table. Writes the result only when the whole text is good. No allocation, no stdio, no locale.
#include "hooks/schedule/filter_text.h"
#include "hooks/schedule/schedule_reader.h"
#include "hooks/schedule/schedule_words.h"

namespace dearth::hooks {

namespace {

constexpr TextView kUnlessPrefix = {"unless-", 7};

// One term while it is read: what it says, and what it has said already.
struct TermDraft {
    dearth_term* term;
    Field chosen[3] = {Field::kCount, Field::kCount, Field::kCount};  // by group; kCount: none
    uint32_t given[2] = {};        // bit per field; [1]: behind `unless-`
    uint32_t size_bounds[2] = {};  // see read_filter
    size_t after_offset = 0;
};

bool read_list(ScheduleReader& reader, const FieldRow& row, dearth_term& term) noexcept {
    term.selector = DEARTH_SELECT_LIST;
    term.list[0] = term.first;
    term.first = 0;
    term.list_count = 1;
    do {
        const size_t offset = reader.next_offset();
        uint64_t ordinal = 0;
        if (!reader.read_number(row, 1, UINT64_MAX, ordinal)) {
            return false;
        }
        const uint64_t before = term.list[term.list_count - 1];
        if (ordinal <= before) {
            return reader.fail_value(row, offset, "a list must ascend, but ",
                                     ScheduleReader::WordAt{offset}, " follows ", before);
        }
        if (term.list_count == DEARTH_LIST_MAX) {
            return reader.fail_value(row, offset, "too many ordinals in a list, at most ",
                                     uint64_t{DEARTH_LIST_MAX});
        }
        term.list[term.list_count++] = ordinal;
    } while (reader.accept(","));
    return true;
}

bool read_nth(ScheduleReader& reader, const FieldRow& row, dearth_term& term) noexcept {
    term.selector = DEARTH_SELECT_RANGE;
    if (!reader.read_number(row, 1, UINT64_MAX, term.first)) {
        return false;
    }
    if (reader.accept("..")) {
        if (!reader.is_at_digit()) {
            term.last = UINT64_MAX;
            return true;
        }
        const size_t offset = reader.next_offset();
        if (!reader.read_number(row, 1, UINT64_MAX, term.last)) {
            return false;
        }
        return term.last >= term.first ||
               reader.fail_value(row, offset, "the range ends at ", ScheduleReader::WordAt{offset},
                                 ", before its start ", term.first);
    }
    if (reader.accept(",")) {
        return read_list(reader, row, term);
    }
    term.last = term.first;
    return true;
}

bool read_corruption(ScheduleReader& reader, const FieldRow& row, dearth_term& term) noexcept {
    if (!reader.accept("=")) {
        return true;
    }
    return read_number_into(reader, row, 1, 16, term.corrupt_bytes) &&
           (!reader.accept("@") || read_number_into(reader, row, 0, 15, term.corrupt_offset));
}

bool read_selector(ScheduleReader& reader, const FieldDraft& draft, dearth_term& term) noexcept {
    const FieldRow& row = *draft.row;
    switch (draft.field) {
        case Field::kNth:
            return read_nth(reader, row, term);
        case Field::kEvery:
            term.selector = DEARTH_SELECT_EVERY;
            return reader.read_number(row, 1, UINT64_MAX, term.first);
        case Field::kProbability:
            term.selector = DEARTH_SELECT_PROBABILITY;
            return reader.read_probability(row, term.probability_ppb);
        case Field::kBudget:
            term.selector = DEARTH_SELECT_BUDGET;
            return reader.read_bytes(row, 0, term.budget_bytes);
        default:
            term.selector = DEARTH_SELECT_ALL;
            return true;
    }
}

// The kinds and actions stand in the field table in the order of their enums.
uint32_t position_in_group(Field field, Field first) noexcept {
    return static_cast<uint32_t>(field) - static_cast<uint32_t>(first);
}

bool read_kind(ScheduleReader& reader, const FieldDraft& draft, dearth_term& term) noexcept {
    term.kind = position_in_group(draft.field, Field::kOnce);
    return draft.field != Field::kBurst ||
           read_number_into(reader, *draft.row, 1, UINT32_MAX, term.burst);
}

bool read_action(ScheduleReader& reader, const FieldDraft& draft, dearth_term& term) noexcept {
    term.action = position_in_group(draft.field, Field::kFail);
    switch (draft.field) {
        case Field::kCorruptFront:
        case Field::kCorruptRear:
            return read_corruption(reader, *draft.row, term);
        case Field::kFill:
            return read_number_into(reader, *draft.row, 0, 255, term.fill_byte);
        default:
            return true;
    }
}

bool read_modifier(ScheduleReader& reader, const FieldDraft& draft, TermDraft& into) noexcept {
    const FieldRow& row = *draft.row;
    switch (draft.field) {
        case Field::kSeed:
            return reader.read_number(row, 0, UINT64_MAX, into.term->seed);
        case Field::kAfter:
            into.after_offset = draft.offset;
            return reader.read_number(row, 0, UINT64_MAX, into.term->after);
        default:
            return reader.read_number(row, 1, UINT64_MAX, into.term->times);
    }
}

bool find_field(ScheduleReader& reader, FieldDraft& draft) noexcept {
    draft.offset = reader.next_offset();
    draft.written = reader.read_word();
    if (draft.written.length == 0) {
        return reader.fail(draft.offset, "expected a field, found ",
                           ScheduleReader::WordAt{draft.offset}, " (allowed: ", field_words(), ")");
    }
    TextView word = draft.written;
    draft.is_unless = word.length >= kUnlessPrefix.length &&
                      is_same_text(TextView{word.data, kUnlessPrefix.length}, kUnlessPrefix);
    if (draft.is_unless) {
        word.data += kUnlessPrefix.length;
        word.length -= kUnlessPrefix.length;
    }
    const uint32_t index = find_word(field_words(), word);
    const WordList filters = field_words(FieldGroup::kFilter);
    if (index == kNoWord) {
        return draft.is_unless
                   ? reader.fail_unknown(draft.offset + kUnlessPrefix.length, "", "unknown filter ",
                                         word, filters)
                   : reader.fail_unknown(draft.offset, "", "unknown field ", word, field_words());
    }
    draft.field = static_cast<Field>(index);
    draft.row = &field_row(draft.field);
    if (draft.is_unless && draft.row->group != FieldGroup::kFilter) {
        return reader.fail(draft.offset, draft.written,
                           " excludes nothing (allowed after unless-: ", filters, ")");
    }
    return true;
}

// Each field once, and one field of each group that excludes others.
bool claim_field(ScheduleReader& reader, const FieldDraft& draft, TermDraft& into) noexcept {
    const uint32_t bit = 1u << static_cast<uint32_t>(draft.field);
    uint32_t& given = into.given[draft.is_unless ? 1 : 0];
    if ((given & bit) != 0 && draft.field != Field::kSize) {
        return reader.fail(draft.offset, draft.written, " is given twice in one term");
    }
    given |= bit;
    constexpr const char* kGroupNames[] = {"selector", "kind", "action"};
    const uint32_t group = static_cast<uint32_t>(draft.row->group);
    if (group < 3) {
        if (into.chosen[group] != Field::kCount) {
            return reader.fail(draft.offset, draft.written, " beside ",
                               view_of(field_row(into.chosen[group]).word), ": a term has one ",
                               kGroupNames[group], " (allowed: ", field_words(draft.row->group),
                               ")");
        }
        into.chosen[group] = draft.field;
    }
    return true;
}

// What joins the word to its value. `size` has three forms of its own.
bool accept_sign(ScheduleReader& reader, const FieldDraft& draft) noexcept {
    const size_t offset = reader.next_offset();
    const FieldRow& row = *draft.row;
    if (row.value == FieldValue::kNone) {
        return !reader.accept("=") || reader.fail(offset, draft.written, " takes no value");
    }
    if (row.value == FieldValue::kOptional || draft.field == Field::kSize ||
        reader.accept(draft.field == Field::kAlign ? ">=" : "=")) {
        return true;
    }
    return reader.fail(draft.offset, draft.written, " needs a value (allowed: ", row.examples, ")");
}

bool read_value(ScheduleReader& reader, const FieldDraft& draft, TermDraft& into) noexcept {
    switch (draft.row->group) {
        case FieldGroup::kSelector:
            return read_selector(reader, draft, *into.term);
        case FieldGroup::kKind:
            return read_kind(reader, draft, *into.term);
        case FieldGroup::kAction:
            return read_action(reader, draft, *into.term);
        case FieldGroup::kFilter:
            return read_filter(reader, draft, into.size_bounds[draft.is_unless ? 1 : 0],
                               draft.is_unless ? into.term->unless : into.term->when);
        default:
            return read_modifier(reader, draft, into);
    }
}

bool read_field(ScheduleReader& reader, TermDraft& into) noexcept {
    FieldDraft draft = {};
    if (!find_field(reader, draft) || !claim_field(reader, draft, into) ||
        !accept_sign(reader, draft) || !read_value(reader, draft, into)) {
        return false;
    }
    const size_t offset = reader.next_offset();
    return reader.is_at_field_end() ||
           reader.fail_value(*draft.row, offset, "unexpected ", ScheduleReader::WordAt{offset});
}

bool read_term(ScheduleReader& reader, dearth_term& term) noexcept {
    dearth_term_default(&term);
    TermDraft draft = {};
    draft.term = &term;
    do {
        if (!read_field(reader, draft)) {
            return false;
        }
    } while (reader.accept(";"));
    // "the third after the tenth" and "the third, if past the tenth" would both be guesses.
    return term.after == 0 || draft.chosen[0] != Field::kNth ||
           reader.fail(draft.after_offset, "'after' beside 'nth': shift the ordinals instead");
}

bool read_schedule(ScheduleReader& reader, dearth_schedule& schedule) noexcept {
    if (reader.is_at_end()) {
        return reader.fail(0, "the schedule is empty (allowed: ", field_words(), ")");
    }
    do {
        if (schedule.term_count == DEARTH_TERMS_MAX) {
            return reader.fail(reader.next_offset(), "too many terms, at most ",
                               uint64_t{DEARTH_TERMS_MAX});
        }
        if (!read_term(reader, schedule.terms[schedule.term_count])) {
            return false;
        }
        ++schedule.term_count;
    } while (reader.accept("|"));
    return true;
}

}  // namespace

}  // namespace dearth::hooks

using namespace dearth::hooks;

void dearth_term_default(struct dearth_term* term) {
    __builtin_memset(term, 0, sizeof *term);
    term->burst = 1;
    term->corrupt_bytes = 1;
}

int dearth_schedule_parse(const char* text, struct dearth_schedule* schedule, char* error,
                          size_t error_bytes, size_t* error_offset) {
    ScheduleReader reader(text, error, error_bytes);
    dearth_schedule parsed;
    // Padding and unused terms included: equal schedules are equal bytes.
    __builtin_memset(&parsed, 0, sizeof parsed);
    if (!read_schedule(reader, parsed)) {
        if (error_offset != nullptr) {
            *error_offset = reader.error_offset();
        }
        return -1;
    }
    __builtin_memcpy(schedule, &parsed, sizeof parsed);
    return 0;
}
