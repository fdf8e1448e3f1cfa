// Value or error; C++20 has no std::expected. An error says what was attempted, on what and why,
// as a lowercase fragment that fits after "failed to"; the CLI alone prints it and picks the exit
// code.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace dearth::harness {

// What the caller can do about an error; the CLI maps it to an exit code.
enum class ErrorClass {
    kUsage,     // flags, scenario files, environment: exit 2
    kBaseline,  // the target fails without faults, or cannot be started: exit 3
    kNothing,   // nothing to test: exit 4
    kInternal,  // the machine or we are at fault: disk full, no descriptors: exit 70
};

struct Error {
    ErrorClass error_class = ErrorClass::kInternal;
    std::string message;    // one line or more; the first line is the headline
    std::string next_step;  // what to type or change; may be empty
};

template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
    Result(Error error) : content_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const { return content_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() {
        assert(ok());
        return std::get<0>(content_);
    }
    const T& value() const {
        assert(ok());
        return std::get<0>(content_);
    }
    T take() {
        assert(ok());
        return std::move(std::get<0>(content_));
    }
    const Error& error() const {
        assert(!ok());
        return std::get<1>(content_);
    }

private:
    std::variant<T, Error> content_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace dearth::harness
