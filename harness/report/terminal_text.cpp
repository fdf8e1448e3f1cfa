// Widths by ranges of code points (Unicode TR 11, the wide blocks only): libc's wcwidth depends on
// the locale, and a report must not.
#include "harness/report/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

using Range = std::pair<uint32_t, uint32_t>;
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                         {0x2E80, 0x303E},
                                         {0x3041, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x3FFFD}}};
constexpr std::array<Range, 4> kZero = {
    {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

bool is_in(const auto& ranges, uint32_t point) {
    return std::any_of(ranges.begin(), ranges.end(), [point](const Range& range) {
        return range.first <= point && point <= range.second;
    });
}

// Bytes of the character that begins at `text`'s front, and its columns. A malformed byte stands
// for one column.
std::pair<size_t, size_t> first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (bytes == 1 || bytes > text.size())
        return {1, 1};
    uint32_t point = lead & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0) != 0x80)
            return {1, 1};
        point = point << 6 | (byte & 0x3Fu);
    }
    if (is_in(kZero, point))
        return {bytes, 0};
    return {bytes, is_in(kWide, point) ? 2 : 1};
}

}  // namespace

size_t column_count(std::string_view text) {
    size_t columns = 0;
    while (!text.empty()) {
        const auto [bytes, width] = first_character(text);
        columns += width;
        text.remove_prefix(bytes);
    }
    return columns;
}

std::string cut_to_columns(std::string_view text, size_t columns) {
    if (column_count(text) <= columns)
        return std::string(text);
    if (columns == 0)
        return {};
    size_t used = 0;
    size_t length = 0;
    while (length < text.size()) {
        const auto [bytes, width] = first_character(text.substr(length));
        if (used + width > columns - 1)
            break;
        used += width;
        length += bytes;
    }
    return std::string(text.substr(0, length)) + "…";
}

std::vector<std::string> phrases_of(std::string_view text) {
    std::vector<std::string> phrases;
    bool is_number = false;
    for (const std::string_view word : split(text, ' ')) {
        if (!phrases.empty() && (is_number || word.starts_with('(')))
            phrases.back().append(" ").append(word);
        else
            phrases.emplace_back(word);
        is_number = whole_number_from_text(word).has_value();
    }
    return phrases;
}

std::string wrap_pieces(const std::vector<std::string>& pieces, std::string_view separator,
                        size_t first_columns, size_t columns, size_t indent) {
    std::string text;
    size_t left = first_columns;
    bool is_line_empty = true;
    const size_t line_columns = columns > indent ? columns - indent : 1;
    const auto break_line = [&] {
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n' + std::string(indent, ' ');
        left = line_columns;
        is_line_empty = true;
    };
    for (size_t i = 0; i < pieces.size(); ++i) {
        // The separator stands before a break, so each piece is measured with the one behind it.
        const std::string_view tail = i + 1 < pieces.size() ? separator : std::string_view();
        const size_t tail_columns = column_count(tail.substr(0, tail.find_last_not_of(' ') + 1));
        if (!is_line_empty && column_count(pieces[i]) + tail_columns > left)
            break_line();
        const size_t room = left > tail_columns ? left - tail_columns : 1;
        const std::string piece = cut_to_columns(pieces[i], room);
        text.append(piece).append(tail);
        const size_t used = column_count(piece) + column_count(tail);
        left -= std::min(left, used);
        is_line_empty = false;
    }
    return text;
}

std::string styled(std::string_view text, Style style, bool has_color) {
    if (!has_color || style == Style::kPlain || text.empty())
        return std::string(text);
    std::string_view code;
    switch (style) {
        case Style::kPlain:
            break;
        case Style::kBold:
            code = "1";
            break;
        case Style::kDim:
            code = "2";
            break;
        case Style::kRed:
            code = "1;31";
            break;
        case Style::kYellow:
            code = "1;33";
            break;
        case Style::kGreen:
            code = "32";
            break;
        case Style::kCyan:
            code = "36";
            break;
    }
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace dearth::harness
