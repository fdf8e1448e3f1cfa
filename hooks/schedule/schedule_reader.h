// Cursor over a schedule's text: tokens, numbers, sizes, probabilities, and the one line that
// says what is wrong. Knows no field. Blanks are allowed around every token.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/schedule/schedule_words.h"
#include "hooks/schedule/text_writer.h"

namespace dearth::hooks {

class ScheduleReader {
public:
    // The word that stands at an offset of the text; for messages.
    struct WordAt {
        size_t offset;
    };

    ScheduleReader(const char* text, char* error, size_t error_bytes) noexcept
        : text_(text == nullptr ? "" : text), error_(error, error == nullptr ? 0 : error_bytes) {}

    // Of the next token.
    size_t next_offset() noexcept;
    size_t error_offset() const noexcept { return error_offset_; }
    bool is_at_end() noexcept;
    // At a `;`, a `|` or the end.
    bool is_at_field_end() noexcept;
    bool is_at_digit() noexcept;

    bool accept(const char* symbol) noexcept;
    // Letters, digits, `-` and `_`; empty when something else stands there.
    TextView read_word() noexcept;
    // Everything up to the field's end, without the blanks around it.
    TextView read_rest_of_field() noexcept;

    // Readers of values: false when the error line has been written.
    bool read_number(const FieldRow& row, uint64_t least, uint64_t most, uint64_t& number) noexcept;
    bool read_hexadecimal(const FieldRow& row, uint64_t& number) noexcept;
    bool read_bytes(const FieldRow& row, uint64_t least, uint64_t& bytes) noexcept;
    bool read_probability(const FieldRow& row, uint64_t& parts_per_billion) noexcept;

    // Appends to the error line. Always false, so that a reader can return it.
    template <typename... Parts>
    bool fail(size_t offset, Parts... parts) noexcept {
        error_offset_ = offset;
        (put(parts), ...);
        return false;
    }

    // "<field>: <what>'<word>' (allowed: <examples>)".
    template <typename... Parts>
    bool fail_value(const FieldRow& row, size_t offset, Parts... parts) noexcept {
        return fail(offset, row.word, ": ", parts..., " (allowed: ", row.examples, ")");
    }

    // "[<prefix>: ]<what>'nht', did you mean 'nth'? (allowed: ...)".
    bool fail_unknown(size_t offset, const char* prefix, const char* what, TextView word,
                      WordList allowed) noexcept;

private:
    void skip_blanks() noexcept;
    uint64_t read_digits(uint32_t base, bool& is_too_large) noexcept;
    TextView word_at(size_t offset) const noexcept;

    void put(const char* text) noexcept { error_.put(text); }
    void put(uint64_t number) noexcept { error_.put(number); }
    void put(WordList list) noexcept { error_.put(list); }
    void put(TextView word) noexcept;
    void put(WordAt place) noexcept;

    const char* text_;
    size_t at_ = 0;
    TextWriter error_;
    size_t error_offset_ = 0;
};

}  // namespace dearth::hooks
