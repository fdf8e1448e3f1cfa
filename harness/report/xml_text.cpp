// The legal characters are those of XML 1.0, production [2] Char.
#include "harness/report/xml_text.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// U+FFFE and U+FFFF; surrogates are malformed UTF-8 already.
bool is_noncharacter(std::string_view character) {
    return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF";
}

std::string_view escape_of(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\n':
            return "&#10;";
        case '\t':
            return "&#9;";
        default:
            return {};
    }
}

size_t character_bytes(unsigned char lead) {
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

void append_well_formed(std::string& result, std::string_view text) {
    while (!text.empty()) {
        const size_t bytes = character_bytes(static_cast<unsigned char>(text.front()));
        const std::string_view character = text.substr(0, bytes);
        const std::string_view escape = escape_of(text.front());
        if (!escape.empty())
            result += escape;
        else if (static_cast<unsigned char>(text.front()) >= 0x20 && !is_noncharacter(character))
            result += character;
        text.remove_prefix(character.size());
    }
}

}  // namespace

std::string xml_escaped(std::string_view text) {
    std::string result;
    while (const std::optional<size_t> bad = first_invalid_utf8(text)) {
        append_well_formed(result, text.substr(0, *bad));
        result += kReplacement;
        text.remove_prefix(*bad + 1);
    }
    append_well_formed(result, text);
    return result;
}

std::string xml_attribute(std::string_view name, std::string_view value) {
    return " " + std::string(name) + "=\"" + xml_escaped(value) + '"';
}

}  // namespace dearth::harness
