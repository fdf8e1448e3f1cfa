// Builds text in a caller's buffer of fixed size, always terminated, and counts what did not fit.
// No allocation, no stdio, no locale.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/schedule/schedule_words.h"

namespace dearth::hooks {

class TextWriter {
public:
    TextWriter(char* out, size_t out_bytes) noexcept : out_(out), out_bytes_(out_bytes) {
        if (out_bytes_ != 0) {
            out_[0] = '\0';
        }
    }

    void put(char letter) noexcept {
        if (length_ + 1 < out_bytes_) {
            out_[length_] = letter;
            out_[length_ + 1] = '\0';
        }
        ++length_;
    }

    void put(TextView text) noexcept {
        for (size_t index = 0; index < text.length; ++index) {
            put(text.data[index]);
        }
    }

    void put(const char* text) noexcept { put(view_of(text)); }

    void put(uint64_t number) noexcept { put_digits(number, 10, 1); }

    void put(WordList list) noexcept {
        for (uint32_t index = 0; index < list.count; ++index) {
            put(index == 0 ? "" : ", ");
            put(list.words[index]);
        }
    }

    void put_digits(uint64_t number, uint32_t base, uint32_t least_digits) noexcept {
        char digits[64];
        uint32_t count = 0;
        do {
            digits[count++] = "0123456789abcdef"[number % base];
            number /= base;
        } while (number != 0 || count < least_digits);
        while (count != 0) {
            put(digits[--count]);
        }
    }

    // Of the whole text, whether it fitted or not; without the terminator.
    size_t length() const noexcept { return length_; }

private:
    char* out_;
    size_t out_bytes_;
    size_t length_ = 0;
};

}  // namespace dearth::hooks
