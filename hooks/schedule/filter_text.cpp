// Filter fields: word lists, sizes, patterns. No allocation, no stdio, no locale.
#include "hooks/schedule/filter_text.h"

namespace dearth::hooks {

namespace {

constexpr uint32_t kSizeFromBelow = 1;
constexpr uint32_t kSizeFromAbove = 2;

bool read_word_mask(ScheduleReader& reader, const FieldRow& row, WordList allowed,
                    uint32_t& mask) noexcept {
    do {
        const size_t offset = reader.next_offset();
        const TextView word = reader.read_word();
        if (word.length == 0) {
            return reader.fail(offset, row.word, ": expected a word, found ",
                               ScheduleReader::WordAt{offset}, " (allowed: ", allowed, ")");
        }
        const uint32_t index = find_word(allowed, word);
        if (index == kNoWord) {
            return reader.fail_unknown(offset, row.word, "unknown word ", word, allowed);
        }
        if ((mask & (1u << index)) != 0) {
            return reader.fail(offset, row.word, ": ", word, " is given twice");
        }
        mask |= 1u << index;
    } while (reader.accept(","));
    return true;
}

bool read_pattern(ScheduleReader& reader, const FieldRow& row,
                  char (&pattern)[DEARTH_PATTERN_BYTES]) noexcept {
    const size_t offset = reader.next_offset();
    const TextView text = reader.read_rest_of_field();
    if (text.length == 0) {
        return reader.fail_value(row, offset, "expected a pattern, found ",
                                 ScheduleReader::WordAt{offset});
    }
    if (text.length >= DEARTH_PATTERN_BYTES) {
        return reader.fail_value(row, offset, text, " is too long, at most ",
                                 uint64_t{DEARTH_PATTERN_BYTES - 1}, " bytes");
    }
    for (size_t index = 0; index < text.length; ++index) {
        const char letter = text.data[index];
        if ((letter >= 0 && letter < ' ') || letter == 127) {
            return reader.fail_value(row, offset + index, "a control character in ", text);
        }
        pattern[index] = letter;
    }
    return true;
}

// `size>=`, `size<=` and `size=` set one or both bounds, each once.
bool read_size(ScheduleReader& reader, const FieldDraft& draft, uint32_t& given,
               dearth_filter& filter) noexcept {
    const FieldRow& row = *draft.row;
    uint32_t bounds = 0;
    if (reader.accept(">=")) {
        bounds = kSizeFromBelow;
    } else if (reader.accept("<=")) {
        bounds = kSizeFromAbove;
    } else if (reader.accept("=")) {
        bounds = kSizeFromBelow | kSizeFromAbove;
    } else {
        return reader.fail(draft.offset, draft.written, " needs a value (allowed: ", row.examples,
                           ")");
    }
    if ((given & bounds) != 0) {
        return reader.fail(draft.offset, draft.written, " bounds the same side twice in one term");
    }
    given |= bounds;
    const size_t offset = reader.next_offset();
    uint64_t bytes = 0;
    if (!reader.read_bytes(row, 1, bytes)) {
        return false;
    }
    if ((bounds & kSizeFromBelow) != 0) {
        filter.size_min_bytes = bytes;
    }
    if ((bounds & kSizeFromAbove) != 0) {
        filter.size_max_bytes = bytes;
    }
    return filter.size_max_bytes == 0 || filter.size_min_bytes <= filter.size_max_bytes ||
           reader.fail(offset, "size: no request is of at least ", filter.size_min_bytes,
                       " and at most ", filter.size_max_bytes, " bytes");
}

}  // namespace

bool read_filter(ScheduleReader& reader, const FieldDraft& draft, uint32_t& size_bounds,
                 dearth_filter& filter) noexcept {
    const FieldRow& row = *draft.row;
    switch (draft.field) {
        case Field::kOp:
            return read_word_mask(reader, row, op_words(), filter.op_mask);
        case Field::kDomain:
            return read_word_mask(reader, row, domain_words(), filter.domain_mask);
        case Field::kPhase:
            return read_word_mask(reader, row, phase_words(), filter.phase_mask);
        case Field::kSize:
            return read_size(reader, draft, size_bounds, filter);
        case Field::kAlign:
            return reader.read_bytes(row, 1, filter.align_min_bytes);
        case Field::kThread:
            return read_number_into(reader, row, 1, UINT32_MAX, filter.thread);
        case Field::kSite:
            return reader.read_hexadecimal(row, filter.site);
        case Field::kStack:
            return read_pattern(reader, row, filter.stack);
        default:
            return read_pattern(reader, row, filter.module);
    }
}

}  // namespace dearth::hooks
