// Writes JSON by hand, a value at a time and without a tree, because event lines are many and
// their shape is fixed. Commas and quoting are its business, nesting is its caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dearth::harness {

class JsonText {
public:
    JsonText& begin_object();
    JsonText& end_object();
    JsonText& begin_array();
    JsonText& end_array();
    // The name of the next value.
    JsonText& key(std::string_view name);
    // Malformed UTF-8 becomes U+FFFD.
    JsonText& string(std::string_view value);
    JsonText& integer(int64_t value);
    JsonText& integer(uint64_t value);
    // With `decimals` digits; infinite and NaN, which JSON cannot say, become null.
    JsonText& number(double value, int decimals);
    JsonText& boolean(bool value);
    JsonText& null();

    JsonText& field(std::string_view name, std::string_view value) {
        return key(name).string(value);
    }
    JsonText& field(std::string_view name, uint64_t value) { return key(name).integer(value); }
    // A string with 16 hex digits: readers of JSON lose the low bits of large numbers.
    JsonText& hex_field(std::string_view name, uint64_t value);

    std::string take();

private:
    void separate();
    std::string text_;
    bool needs_comma_ = false;
};

}  // namespace dearth::harness
