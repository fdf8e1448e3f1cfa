// Approved-text tests; see approve.h.
#include "tests/support/approve.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

namespace dearth::harness {
namespace {

std::optional<std::string> content_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(in), {});
}

bool is_approving() {
    const char* value = std::getenv("DEARTH_APPROVE");
    return value != nullptr && std::string_view(value) == "1";
}

testing::AssertionResult save(const std::string& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) {
        return testing::AssertionFailure() << "cannot write " << file;
    }
    return testing::AssertionSuccess();
}

std::string_view line_at(std::string_view text, size_t number) {
    for (; number > 1; --number) {
        const size_t end = text.find('\n');
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

testing::AssertionResult compare(const std::string& file, std::string_view approved,
                                 std::string_view text) {
    if (approved == text) {
        return testing::AssertionSuccess();
    }
    size_t line = 1;
    for (size_t at = 0; at < approved.size() && at < text.size() && approved[at] == text[at];
         ++at) {
        line += approved[at] == '\n';
    }
    return testing::AssertionFailure()
           << file << " is not what is said now (DEARTH_APPROVE=1 accepts it).\n"
           << "First difference in line " << line << ":\n"
           << "  approved: " << line_at(approved, line) << "\n"
           << "  now:      " << line_at(text, line) << "\n"
           << "All of it:\n"
           << text;
}

}  // namespace

testing::AssertionResult is_approved(const std::string& file, std::string_view text) {
    if (is_approving()) {
        return save(file, std::string(text));
    }
    const std::optional<std::string> approved = content_of(file);
    if (!approved) {
        return testing::AssertionFailure() << file << " is missing (DEARTH_APPROVE=1 writes it):\n"
                                           << text;
    }
    return compare(file, *approved, text);
}

testing::AssertionResult is_approved_part(const std::string& file, std::string_view begin,
                                          std::string_view end, std::string_view text) {
    const std::optional<std::string> content = content_of(file);
    if (!content) {
        return testing::AssertionFailure() << file << " is missing";
    }
    const size_t first = content->find(begin);
    const size_t last = content->find(end);
    if (first == std::string::npos || last == std::string::npos || last < first) {
        return testing::AssertionFailure()
               << file << " has no part between `" << begin << "` and `" << end << "`";
    }
    const size_t from = first + begin.size();
    if (is_approving()) {
        return save(file, content->substr(0, from) + std::string(text) + content->substr(last));
    }
    return compare(file, std::string_view(*content).substr(from, last - from), text);
}

}  // namespace dearth::harness
