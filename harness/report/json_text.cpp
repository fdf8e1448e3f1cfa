// Escaping is base/text's; here are only the commas.
#include "harness/report/json_text.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "harness/base/text.h"

namespace dearth::harness {

void JsonText::separate() {
    if (needs_comma_)
        text_ += ',';
    needs_comma_ = true;
}

JsonText& JsonText::begin_object() {
    separate();
    text_ += '{';
    needs_comma_ = false;
    return *this;
}

JsonText& JsonText::end_object() {
    text_ += '}';
    needs_comma_ = true;
    return *this;
}

JsonText& JsonText::begin_array() {
    separate();
    text_ += '[';
    needs_comma_ = false;
    return *this;
}

JsonText& JsonText::end_array() {
    text_ += ']';
    needs_comma_ = true;
    return *this;
}

JsonText& JsonText::key(std::string_view name) {
    string(name);
    text_ += ':';
    needs_comma_ = false;
    return *this;
}

JsonText& JsonText::string(std::string_view value) {
    separate();
    text_.append("\"").append(json_escaped(value)).append("\"");
    return *this;
}

JsonText& JsonText::integer(int64_t value) {
    separate();
    text_ += fmt::format("{}", value);
    return *this;
}

JsonText& JsonText::integer(uint64_t value) {
    separate();
    text_ += fmt::format("{}", value);
    return *this;
}

JsonText& JsonText::number(double value, int decimals) {
    if (!std::isfinite(value))
        return null();
    separate();
    text_ += fmt::format("{:.{}f}", value, decimals);
    return *this;
}

JsonText& JsonText::boolean(bool value) {
    separate();
    text_ += value ? "true" : "false";
    return *this;
}

JsonText& JsonText::null() {
    separate();
    text_ += "null";
    return *this;
}

JsonText& JsonText::hex_field(std::string_view name, uint64_t value) {
    return field(name, fmt::format("{:016x}", value));
}

std::string JsonText::take() {
    needs_comma_ = false;
    return std::exchange(text_, {});
}

}  // namespace dearth::harness
