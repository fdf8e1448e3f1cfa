// Text for people and for formats; see text.h.
#include "harness/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace dearth::harness {
namespace {

struct Unit {
    std::string_view name;
    uint64_t factor;
};

constexpr std::array<Unit, 4> kSizeUnits = {
    {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}, {"B", 1}}};
constexpr std::array<Unit, 4> kDurationUnits = {
    {{"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}}};

std::string text_with_unit(uint64_t value, std::span<const Unit> units) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) {
            return fmt::format("{}{}", value / unit.factor, unit.name);
        }
    }
    return fmt::format("{}{}", value, units.back().name);
}

std::optional<uint64_t> value_with_unit(std::string_view text, std::span<const Unit> units) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = whole_number_from_text(text.substr(0, digits));
    for (const Unit& unit : units) {
        if (number && text.substr(digits) == unit.name) {
            if (*number > std::numeric_limits<uint64_t>::max() / unit.factor) {
                return std::nullopt;
            }
            return *number * unit.factor;
        }
    }
    return std::nullopt;
}

// Length in bytes of the well-formed code point that starts `text`; 0: none does. Refuses
// overlong forms, surrogates and values past U+10FFFF (the Unicode Standard, table 3-7).
size_t code_point_bytes(std::string_view text) {
    const auto byte_at = [&](size_t index) -> unsigned {
        return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
    };
    const unsigned first = byte_at(0);
    if (text.empty() || first < 0x80) {
        return text.empty() ? 0 : 1;
    }
    size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        low = first == 0xE0 ? 0xA0 : low;
        high = first == 0xED ? 0x9F : high;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        low = first == 0xF0 ? 0x90 : low;
        high = first == 0xF4 ? 0x8F : high;
    } else {
        return 0;
    }
    for (size_t index = 1; index < length; ++index) {
        const unsigned byte = byte_at(index);
        if (byte < (index == 1 ? low : 0x80) || byte > (index == 1 ? high : 0xBF)) {
            return 0;
        }
    }
    return length;
}

template <typename Words>
std::string joined(const Words& words, std::string_view separator) {
    std::string text;
    for (const auto& word : words) {
        if (&word != &words.front()) {
            text += separator;
        }
        text += word;
    }
    return text;
}

}  // namespace

size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<size_t> before_last(right.size() + 1);
    std::vector<size_t> last(right.size() + 1);
    std::vector<size_t> row(right.size() + 1);
    for (size_t j = 0; j <= right.size(); ++j) {
        row[j] = j;
    }
    for (size_t i = 1; i <= left.size(); ++i) {
        before_last.swap(last);
        last.swap(row);
        row[0] = i;
        for (size_t j = 1; j <= right.size(); ++j) {
            const size_t replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
    }
    return row[right.size()];
}

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates) {
    const size_t limit = std::max<size_t>(1, word.size() / 3);
    std::optional<std::string_view> nearest;
    size_t nearest_distance = limit + 1;
    for (const std::string_view candidate : candidates) {
        const size_t longer = std::max(word.size(), candidate.size());
        const size_t shorter = std::min(word.size(), candidate.size());
        if (longer - shorter > limit) {
            continue;  // also keeps the table small when somebody pastes a page as a key
        }
        const size_t distance = edit_distance(word, candidate);
        // A distance as long as the candidate would suggest anything for a one-letter word.
        if (distance < nearest_distance && distance < candidate.size()) {
            nearest = candidate;
            nearest_distance = distance;
        }
    }
    return nearest;
}

std::string plural(uint64_t count, std::string_view one, std::string_view many) {
    if (count == 1) {
        return fmt::format("1 {}", one);
    }
    return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

std::string join(std::span<const std::string_view> words, std::string_view separator) {
    return joined(words, separator);
}

std::string join(std::span<const std::string> words, std::string_view separator) {
    return joined(words, separator);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> pieces;
    size_t begin = 0;
    for (size_t end = text.find(separator); end != std::string_view::npos;
         end = text.find(separator, begin)) {
        pieces.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    pieces.push_back(text.substr(begin));
    return pieces;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string size_text(uint64_t bytes) {
    return text_with_unit(bytes, kSizeUnits);
}

std::string rounded_size_text(uint64_t bytes) {
    for (const Unit& unit : kSizeUnits) {
        if (unit.factor > 1 && bytes >= unit.factor) {
            return fmt::format("{:.1f} {}",
                               static_cast<double>(bytes) / static_cast<double>(unit.factor),
                               unit.name);
        }
    }
    return fmt::format("{} B", bytes);
}

std::optional<uint64_t> size_from_text(std::string_view text) {
    return value_with_unit(text, kSizeUnits);
}

std::string duration_text(uint64_t milliseconds) {
    return text_with_unit(milliseconds, kDurationUnits);
}

std::optional<uint64_t> duration_from_text(std::string_view text) {
    return value_with_unit(text, kDurationUnits);
}

std::string utc_date_text(std::time_t time) {
    std::tm utc = {};
    gmtime_r(&time, &utc);
    char text[16];
    std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
    return text;
}

std::optional<uint64_t> whole_number_from_text(std::string_view text) {
    if (text.empty()) {
        return std::nullopt;
    }
    uint64_t value = 0;
    for (const char letter : text) {
        if (letter < '0' || letter > '9') {
            return std::nullopt;
        }
        const uint64_t digit = static_cast<uint64_t>(letter - '0');
        if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) {
            return std::nullopt;
        }
        value = value * 10 + digit;
    }
    return value;
}

std::optional<size_t> first_invalid_utf8(std::string_view text) {
    for (size_t offset = 0; offset < text.size();) {
        const size_t length = code_point_bytes(text.substr(offset));
        if (length == 0) {
            return offset;
        }
        offset += length;
    }
    return std::nullopt;
}

size_t code_point_count(std::string_view text) {
    size_t count = 0;
    for (size_t offset = 0; offset < text.size(); ++count) {
        offset += std::max<size_t>(1, code_point_bytes(text.substr(offset)));
    }
    return count;
}

std::string printable_text(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (size_t offset = 0; offset < text.size();) {
        const size_t length = code_point_bytes(text.substr(offset));
        const auto byte = static_cast<unsigned char>(text[offset]);
        // U+0080 to U+009F are control characters too, and some terminals obey them.
        const bool is_c1 =
            length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[offset + 1]) < 0xA0;
        if (length == 0 || byte < 0x20 || byte == 0x7F) {
            result += fmt::format("\\x{:02X}", byte);
        } else if (is_c1) {
            result += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[offset + 1]));
        } else {
            result += text.substr(offset, length);
        }
        offset += std::max<size_t>(1, length);
    }
    return result;
}

std::string shell_quoted(std::span<const std::string> words) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    std::string line;
    for (const std::string& word : words) {
        line += line.empty() ? "" : " ";
        if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
            line += word;
            continue;
        }
        line += '\'';
        for (const char letter : word) {
            line += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
        }
        line += '\'';
    }
    return line;
}

std::string json_escaped(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (size_t offset = 0; offset < text.size();) {
        const size_t length = code_point_bytes(text.substr(offset));
        const auto byte = static_cast<unsigned char>(text[offset]);
        if (length == 0) {
            result += "\\ufffd";
        } else if (byte == '"' || byte == '\\') {
            result += '\\';
            result += text[offset];
        } else if (byte == '\n') {
            result += "\\n";
        } else if (byte == '\t') {
            result += "\\t";
        } else if (byte < 0x20 || byte == 0x7F) {
            result += fmt::format("\\u{:04x}", byte);
        } else {
            result += text.substr(offset, length);
        }
        offset += std::max<size_t>(1, length);
    }
    return result;
}

std::string shortened(std::string_view text, size_t max_bytes) {
    constexpr std::string_view kCut = "...";
    if (text.size() <= max_bytes) {
        return std::string(text);
    }
    const size_t room = max_bytes > kCut.size() ? max_bytes - kCut.size() : 0;
    size_t end = 0;
    while (end < text.size()) {
        const size_t length = std::max<size_t>(1, code_point_bytes(text.substr(end)));
        if (end + length > room) {
            break;
        }
        end += length;
    }
    return std::string(text.substr(0, end)) + std::string(kCut.substr(0, max_bytes - end));
}

}  // namespace dearth::harness
