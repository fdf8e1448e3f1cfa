// What is wrong in a scenario file, and where: the shape compilers use, so that editors and CI
// jump to the place. Collects everything before anything is printed; prints nothing itself.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dearth::harness {

// A stretch of one line. Line 0: the file as a whole.
struct Place {
    size_t line = 0;    // from 1
    size_t column = 0;  // from 1, in bytes
    size_t length = 1;  // in bytes

    bool operator==(const Place&) const = default;
};

// A file's text with its lines.
class SourceText {
public:
    SourceText(std::string path, std::string text);

    const std::string& path() const { return path_; }
    std::string_view text() const { return text_; }
    size_t line_count() const { return line_starts_.size(); }
    // Without its line end; empty for a line that does not exist.
    std::string_view line(size_t number) const;
    // The byte's place, clamped to the text.
    Place place_of(size_t offset, size_t length = 1) const;

private:
    std::string path_;
    std::string text_;
    std::vector<size_t> line_starts_;
};

struct Diagnostic {
    std::string file;
    size_t line = 0;    // from 1; 0: the file as a whole
    size_t column = 0;  // from 1, in code points
    size_t length = 1;  // in code points
    std::string code;   // "unknown-key"
    std::string message;
    std::string source_line;  // printable, cut around the place when it is long
    size_t caret = 0;         // where the carets start in `source_line`, in code points, from 0
    std::string hint;         // stands behind the carets: "did you mean `engine`?"
    std::string allowed;      // a line of its own: "keys allowed here: engine, script"

    bool operator==(const Diagnostic&) const = default;
};

// Collects the diagnostics of one file. The same complaint at the same place counts once, because
// a matrix reads one text many times.
class DiagnosticSink {
public:
    explicit DiagnosticSink(const SourceText& source) : source_(source) {}

    void report(const Place& place, std::string_view code, std::string message,
                std::string hint = {}, std::string allowed = {});
    bool is_clean() const { return diagnostics_.empty(); }
    const SourceText& source() const { return source_; }
    // Sorted by place; more than `kDiagnosticsMax` are cut, and the last one says so.
    std::vector<Diagnostic> take();

    static constexpr size_t kDiagnosticsMax = 50;

private:
    const SourceText& source_;
    std::vector<Diagnostic> diagnostics_;
    size_t dropped_ = 0;
};

// "file:line:col: error[code]: message", the line with carets and hint, and what is allowed.
// No line feed at the end.
std::string format_diagnostic(const Diagnostic& diagnostic);
// All of them, an empty line between two.
std::string format_diagnostics(std::span<const Diagnostic> diagnostics);

}  // namespace dearth::harness
