// Places, excerpts and their text form; see diagnostic.h.
#include "harness/scenario/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

constexpr size_t kExcerptBytes = 120;
constexpr size_t kExcerptLead = 60;  // bytes kept before the place when a line is cut

// One printable column a code point, so that carets stand where they should: a tab, a control
// character and a byte that is no text become a blank or `?`.
std::string one_column_each(std::string_view text) {
    std::string result;
    for (size_t offset = 0; offset < text.size();) {
        const auto byte = static_cast<unsigned char>(text[offset]);
        size_t length = 1;
        while (length < 4 && offset + length < text.size() &&
               (static_cast<unsigned char>(text[offset + length]) & 0xC0) == 0x80) {
            ++length;
        }
        const std::string_view piece = text.substr(offset, length);
        if (byte == '\t') {
            result += ' ';
        } else if (printable_text(piece) == piece) {
            result += piece;
        } else {
            length = 1;
            result += '?';
        }
        offset += length;
    }
    return result;
}

bool starts_code_point(std::string_view text, size_t offset) {
    return offset >= text.size() || (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80;
}

// Fills source_line, caret, column and length from the line and the place in it.
void add_excerpt(Diagnostic& diagnostic, std::string_view line, const Place& place) {
    const size_t begin = std::min(place.column - 1, line.size());
    const size_t end = std::min(begin + std::max<size_t>(1, place.length), line.size());
    diagnostic.column = code_point_count(line.substr(0, begin)) + 1;

    size_t from = 0;
    size_t to = line.size();
    if (line.size() > kExcerptBytes) {
        from = begin > kExcerptLead ? begin - kExcerptLead : 0;
        to = std::min(line.size(), from + kExcerptBytes);
        // At most three steps to the end of a code point, and never past the place: a line of
        // stray continuation bytes has no code points to stop at.
        for (int step = 0; step < 3 && from < begin && !starts_code_point(line, from); ++step) {
            ++from;
        }
        for (int step = 0; step < 3 && !starts_code_point(line, to); ++step) {
            ++to;
        }
    }
    const std::string_view lead = from > 0 ? "..." : "";
    const std::string_view tail = to < line.size() ? "..." : "";
    const size_t shown_end = std::min(end, to);
    diagnostic.source_line =
        fmt::format("{}{}{}", lead, one_column_each(line.substr(from, to - from)), tail);
    diagnostic.caret = lead.size() + code_point_count(line.substr(from, begin - from));
    diagnostic.length =
        std::max<size_t>(1, code_point_count(line.substr(begin, shown_end - begin)));
}

}  // namespace

SourceText::SourceText(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)) {
    line_starts_.push_back(0);
    for (size_t offset = 0; offset < text_.size(); ++offset) {
        if (text_[offset] == '\n' && offset + 1 < text_.size()) {
            line_starts_.push_back(offset + 1);
        }
    }
}

std::string_view SourceText::line(size_t number) const {
    if (number < 1 || number > line_starts_.size()) {
        return {};
    }
    const size_t begin = line_starts_[number - 1];
    const size_t end = std::min(text_.find('\n', begin), text_.size());
    std::string_view line = std::string_view(text_).substr(begin, end - begin);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

Place SourceText::place_of(size_t offset, size_t length) const {
    offset = std::min(offset, text_.size());
    const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    const auto line = static_cast<size_t>(after - line_starts_.begin());
    return {line, offset - line_starts_[line - 1] + 1, length};
}

void DiagnosticSink::report(const Place& place, std::string_view code, std::string message,
                            std::string hint, std::string allowed) {
    Diagnostic diagnostic;
    diagnostic.file = source_.path();
    diagnostic.code = std::string(code);
    diagnostic.message = printable_text(message);
    diagnostic.hint = printable_text(hint);
    diagnostic.allowed = printable_text(allowed);
    if (place.line > 0) {
        diagnostic.line = std::min(place.line, source_.line_count());
        add_excerpt(diagnostic, source_.line(diagnostic.line),
                    {place.line, std::max<size_t>(1, place.column), place.length});
    }
    if (std::find(diagnostics_.begin(), diagnostics_.end(), diagnostic) != diagnostics_.end()) {
        return;
    }
    // Twice the number shown: they are sorted by place before they are cut.
    if (diagnostics_.size() >= 2 * kDiagnosticsMax) {
        ++dropped_;
        return;
    }
    diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> DiagnosticSink::take() {
    std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                     [](const Diagnostic& left, const Diagnostic& right) {
                         return std::pair(left.line, left.column) <
                                std::pair(right.line, right.column);
                     });
    if (diagnostics_.size() > kDiagnosticsMax) {
        const size_t more = diagnostics_.size() - kDiagnosticsMax + dropped_;
        diagnostics_.resize(kDiagnosticsMax);
        Diagnostic last;
        last.file = source_.path();
        last.code = "too-many-errors";
        last.message = fmt::format("{} are not shown; mend these first",
                                   plural(more, "more error", "more errors"));
        diagnostics_.push_back(std::move(last));
    }
    return std::move(diagnostics_);
}

std::string format_diagnostic(const Diagnostic& diagnostic) {
    std::string text = printable_text(diagnostic.file);
    if (diagnostic.line > 0) {
        text += fmt::format(":{}:{}", diagnostic.line, diagnostic.column);
    }
    text += fmt::format(": error[{}]: {}", diagnostic.code, diagnostic.message);
    const std::string number = diagnostic.line > 0 ? fmt::format("{}", diagnostic.line) : " ";
    const std::string margin(number.size(), ' ');
    if (diagnostic.line > 0) {
        text += fmt::format("\n{} |\n{} | {}", margin, number, diagnostic.source_line);
        text += fmt::format("\n{} | {}{}", margin, std::string(diagnostic.caret, ' '),
                            std::string(diagnostic.length, '^'));
        if (!diagnostic.hint.empty()) {
            text += " " + diagnostic.hint;
        }
    } else if (!diagnostic.hint.empty()) {
        text += fmt::format("\n{} = {}", margin, diagnostic.hint);
    }
    if (!diagnostic.allowed.empty()) {
        text += fmt::format("\n{} = {}", margin, diagnostic.allowed);
    }
    return text;
}

std::string format_diagnostics(std::span<const Diagnostic> diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics) {
        if (!text.empty()) {
            text += "\n\n";
        }
        text += format_diagnostic(diagnostic);
    }
    return text;
}

}  // namespace dearth::harness
