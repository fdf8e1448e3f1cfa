// Text and numbers into a fixed buffer, then write(2): output that needs neither stdio nor memory
// and works in a signal handler. What does not fit is cut and marked.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

class RawOutput {
public:
    RawOutput& text(const char* text) noexcept;
    RawOutput& decimal(uint64_t value) noexcept;
    RawOutput& signed_decimal(int64_t value) noexcept;
    /// With 0x in front.
    RawOutput& hex(uint64_t value) noexcept;

    /// Writes all of it and empties the buffer. Interrupted writes go on; errors are dropped,
    /// there is nobody to tell. errno is kept.
    void write_to(int fd) noexcept;

    const char* data() const noexcept { return buffer_; }
    size_t length() const noexcept { return length_; }
    bool is_cut() const noexcept { return is_cut_; }

private:
    static constexpr size_t kCapacity = 4096;
    void append(const char* bytes, size_t count) noexcept;

    size_t length_ = 0;
    bool is_cut_ = false;
    char buffer_[kCapacity];
};

/// Copies as much of `text` as fits and always terminates. Returns the length copied.
size_t copy_text(char* target, size_t capacity, const char* text) noexcept;

}  // namespace dearth::hooks
