// Tokens and values of a schedule's text. Reads byte by byte and never past the terminator;
// strtod and friends depend on the locale and are not used.
#include "hooks/schedule/schedule_reader.h"

#include "hooks/schedule/schedule_decision.h"

namespace dearth::hooks {

namespace {

// Longer words are cut in messages, so that the line stays a line.
constexpr size_t kQuotedBytesMax = 32;

constexpr const char* kUnitWords[] = {"B", "KiB", "MiB", "GiB"};
constexpr WordList kUnits = {kUnitWords, 4};

bool is_blank(char letter) noexcept {
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

bool is_field_end(char letter) noexcept {
    return letter == '\0' || letter == ';' || letter == '|';
}

bool is_digit(char letter) noexcept {
    return letter >= '0' && letter <= '9';
}

bool is_word_letter(char letter) noexcept {
    return is_digit(letter) || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
}

bool is_punctuation(char letter) noexcept {
    return letter == ',' || letter == '=' || letter == '<' || letter == '>' || letter == '@';
}

// The value of a digit; `base` or more when it is none.
uint32_t digit_value(char letter) noexcept {
    if (is_digit(letter)) {
        return static_cast<uint32_t>(letter - '0');
    }
    if (letter >= 'a' && letter <= 'f') {
        return static_cast<uint32_t>(letter - 'a') + 10;
    }
    if (letter >= 'A' && letter <= 'F') {
        return static_cast<uint32_t>(letter - 'A') + 10;
    }
    return UINT32_MAX;
}

}  // namespace

void ScheduleReader::skip_blanks() noexcept {
    while (is_blank(text_[at_])) {
        ++at_;
    }
}

size_t ScheduleReader::next_offset() noexcept {
    skip_blanks();
    return at_;
}

bool ScheduleReader::is_at_end() noexcept {
    skip_blanks();
    return text_[at_] == '\0';
}

bool ScheduleReader::is_at_field_end() noexcept {
    skip_blanks();
    return is_field_end(text_[at_]);
}

bool ScheduleReader::is_at_digit() noexcept {
    skip_blanks();
    return is_digit(text_[at_]);
}

bool ScheduleReader::accept(const char* symbol) noexcept {
    skip_blanks();
    size_t length = 0;
    while (symbol[length] != '\0') {
        if (text_[at_ + length] != symbol[length]) {
            return false;
        }
        ++length;
    }
    at_ += length;
    return true;
}

TextView ScheduleReader::read_word() noexcept {
    skip_blanks();
    const size_t begin = at_;
    while (is_word_letter(text_[at_])) {
        ++at_;
    }
    return TextView{text_ + begin, at_ - begin};
}

TextView ScheduleReader::read_rest_of_field() noexcept {
    skip_blanks();
    const size_t begin = at_;
    size_t end = at_;
    while (!is_field_end(text_[at_])) {
        ++at_;
        if (!is_blank(text_[at_ - 1])) {
            end = at_;
        }
    }
    return TextView{text_ + begin, end - begin};
}

uint64_t ScheduleReader::read_digits(uint32_t base, bool& is_too_large) noexcept {
    uint64_t number = 0;
    is_too_large = false;
    for (; digit_value(text_[at_]) < base; ++at_) {
        is_too_large |= __builtin_mul_overflow(number, base, &number);
        is_too_large |= __builtin_add_overflow(number, digit_value(text_[at_]), &number);
    }
    return number;
}

bool ScheduleReader::read_number(const FieldRow& row, uint64_t least, uint64_t most,
                                 uint64_t& number) noexcept {
    const size_t begin = next_offset();
    if (!is_at_digit()) {
        return fail_value(row, begin, "expected a number, found ", WordAt{begin});
    }
    bool is_too_large = false;
    if (text_[at_] == '0' && (text_[at_ + 1] == 'x' || text_[at_ + 1] == 'X') &&
        digit_value(text_[at_ + 2]) < 16) {
        at_ += 2;
        number = read_digits(16, is_too_large);
    } else {
        number = read_digits(10, is_too_large);
    }
    const TextView written = {text_ + begin, at_ - begin};
    if (is_too_large || number > most) {
        return fail_value(row, begin, written, " is too large, at most ", most);
    }
    if (number < least) {
        return fail_value(row, begin, written, " is too small, at least ", least);
    }
    return true;
}

bool ScheduleReader::read_hexadecimal(const FieldRow& row, uint64_t& number) noexcept {
    const size_t begin = next_offset();
    bool is_too_large = false;
    number = read_digits(16, is_too_large);
    const TextView written = {text_ + begin, at_ - begin};
    if (written.length == 0) {
        return fail_value(row, begin, "expected hexadecimal digits, found ", WordAt{begin});
    }
    if (is_too_large) {
        return fail_value(row, begin, written, " is too large, at most 16 digits");
    }
    if (number == 0) {
        return fail_value(row, begin, written, " names no site");
    }
    return true;
}

bool ScheduleReader::read_bytes(const FieldRow& row, uint64_t least, uint64_t& bytes) noexcept {
    const size_t begin = next_offset();
    if (!read_number(row, least, UINT64_MAX, bytes)) {
        return false;
    }
    const size_t unit_offset = next_offset();
    const TextView unit = read_word();
    if (unit.length == 0) {
        return true;
    }
    const uint32_t index = find_word(kUnits, unit);
    if (index == kNoWord) {
        return fail_unknown(unit_offset, row.word, "unknown unit ", unit, kUnits);
    }
    if (__builtin_mul_overflow(bytes, UINT64_C(1) << (10 * index), &bytes)) {
        const TextView written = {text_ + begin, at_ - begin};
        return fail_value(row, begin, written, " is too large, at most ", UINT64_MAX, "B");
    }
    return true;
}

bool ScheduleReader::read_probability(const FieldRow& row, uint64_t& parts_per_billion) noexcept {
    const size_t begin = next_offset();
    uint64_t whole = 0;
    if (!read_number(row, 0, UINT64_MAX, whole)) {
        return false;
    }
    size_t fraction_begin = at_;
    size_t fraction_end = at_;
    if (text_[at_] == '.' && is_digit(text_[at_ + 1])) {
        fraction_begin = ++at_;
        for (; is_digit(text_[at_]); ++at_) {
            fraction_end = text_[at_] == '0' ? fraction_end : at_ + 1;
        }
    }
    size_t written_end = at_;
    uint64_t scale = kProbabilityParts;
    if (accept("%")) {
        scale /= 100;
        written_end = at_;
    }
    const TextView written = {text_ + begin, written_end - begin};
    uint64_t fraction = 0;
    uint64_t unit = scale;
    for (size_t index = fraction_begin; index < fraction_end; ++index) {
        if (unit == 1) {
            return fail_value(row, begin, written, " is finer than 1 in ", kProbabilityParts);
        }
        unit /= 10;
        fraction += unit * digit_value(text_[index]);
    }
    if (whole > kProbabilityParts / scale || whole * scale + fraction > kProbabilityParts) {
        return fail_value(row, begin, written, " is above 100%");
    }
    parts_per_billion = whole * scale + fraction;
    return true;
}

bool ScheduleReader::fail_unknown(size_t offset, const char* prefix, const char* what,
                                  TextView word, WordList allowed) noexcept {
    fail(offset, prefix, prefix[0] == '\0' ? "" : ": ", what, word);
    const uint32_t near_word = find_near_word(allowed, word);
    if (near_word != kNoWord) {
        fail(offset, ", did you mean ", view_of(allowed.words[near_word]), "?");
    }
    return fail(offset, " (allowed: ", allowed, ")");
}

TextView ScheduleReader::word_at(size_t offset) const noexcept {
    size_t end = offset;
    while (!is_field_end(text_[end]) && !is_blank(text_[end]) && !is_punctuation(text_[end])) {
        ++end;
    }
    // A lone separator is a word too, or there would be nothing to show.
    if (end == offset && text_[end] != '\0') {
        ++end;
    }
    return TextView{text_ + offset, end - offset};
}

void ScheduleReader::put(TextView word) noexcept {
    error_.put('\'');
    const bool is_cut = word.length > kQuotedBytesMax;
    for (size_t index = 0; index < word.length && index < kQuotedBytesMax; ++index) {
        const char letter = word.data[index];
        error_.put(letter >= ' ' && letter <= '~' ? letter : '?');
    }
    error_.put(is_cut ? "...'" : "'");
}

void ScheduleReader::put(WordAt place) noexcept {
    if (text_[place.offset] == '\0') {
        error_.put("the end");
    } else {
        put(word_at(place.offset));
    }
}

}  // namespace dearth::hooks
