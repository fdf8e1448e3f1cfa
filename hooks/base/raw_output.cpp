// Formats by hand; see the header.
#include "hooks/base/raw_output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"

namespace dearth::hooks {

void RawOutput::append(const char* bytes, size_t count) noexcept {
    const size_t room = kCapacity - length_;
    if (count > room) {
        count = room;
        is_cut_ = true;
    }
    memcpy(buffer_ + length_, bytes, count);
    length_ += count;
}

RawOutput& RawOutput::text(const char* text) noexcept {
    append(text, strlen(text));
    return *this;
}

RawOutput& RawOutput::decimal(uint64_t value) noexcept {
    char digits[20];
    size_t position = sizeof(digits);
    do {
        digits[--position] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    append(digits + position, sizeof(digits) - position);
    return *this;
}

RawOutput& RawOutput::signed_decimal(int64_t value) noexcept {
    if (value >= 0) {
        return decimal(static_cast<uint64_t>(value));
    }
    append("-", 1);
    // Negated as unsigned: INT64_MIN has no positive twin.
    return decimal(0 - static_cast<uint64_t>(value));
}

RawOutput& RawOutput::hex(uint64_t value) noexcept {
    char digits[18];
    size_t position = sizeof(digits);
    do {
        digits[--position] = "0123456789abcdef"[value % 16];
        value /= 16;
    } while (value != 0);
    digits[--position] = 'x';
    digits[--position] = '0';
    append(digits + position, sizeof(digits) - position);
    return *this;
}

void RawOutput::write_to(int fd) noexcept {
    ErrnoSaver saver;
    if (is_cut_) {
        static constexpr char kMark[] = "...\n";
        memcpy(buffer_ + length_ - (sizeof(kMark) - 1), kMark, sizeof(kMark) - 1);
    }
    size_t done = 0;
    while (done < length_) {
        const ssize_t written = write(fd, buffer_ + done, length_ - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            break;
        }
        done += static_cast<size_t>(written);
    }
    length_ = 0;
    is_cut_ = false;
}

size_t copy_text(char* target, size_t capacity, const char* text) noexcept {
    size_t length = 0;
    while (length + 1 < capacity && text[length] != '\0') {
        target[length] = text[length];
        ++length;
    }
    if (capacity != 0) {
        target[length] = '\0';
    }
    return length;
}

}  // namespace dearth::hooks
