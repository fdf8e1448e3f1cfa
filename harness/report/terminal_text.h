// Text on a terminal: how many columns it takes, where to cut or break it, and colours. Knows
// nothing of findings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dearth::harness {

// Columns that well-formed text without control characters takes; East Asian wide characters take
// two, combining marks none.
size_t column_count(std::string_view text);

// At most `columns` wide; ends in "…" when something was cut.
std::string cut_to_columns(std::string_view text, size_t columns);

// Words of a sentence as pieces to wrap; a number stays with the word behind it, and what stands in
// parentheses with the word before: "8 overflow", "41/44 (93%)".
std::vector<std::string> phrases_of(std::string_view text);

// Pieces joined by `separator`, broken between pieces into lines of at most `columns`. Lines but
// the first are indented by `indent` columns, which count; the first has `first_columns` left. A
// piece that is too long for a line of its own is cut.
std::string wrap_pieces(const std::vector<std::string>& pieces, std::string_view separator,
                        size_t first_columns, size_t columns, size_t indent);

enum class Style { kPlain, kBold, kDim, kRed, kYellow, kGreen, kCyan };
// `text` in that style, or just `text` when colours are off.
std::string styled(std::string_view text, Style style, bool has_color);

}  // namespace dearth::harness
