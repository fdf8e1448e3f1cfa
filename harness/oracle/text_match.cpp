// See text_match.h for why texts are matched in pieces.
#include "harness/oracle/text_match.h"

namespace dearth::harness {
namespace {

constexpr size_t kWholeTextBytes = 4096;  // 4096 squared steps are the worst case of one match

bool matches(const std::regex& regex, std::string_view text) {
    return std::regex_search(text.begin(), text.end(), regex);
}

}  // namespace

TextMatcher::TextMatcher(const TextPattern& pattern) : pattern_(pattern) {
    if (!pattern.is_regex) {
        return;
    }
    auto flags = std::regex::ECMAScript | std::regex_constants::multiline;
#ifdef __GLIBCXX__
    flags |= std::regex_constants::__polynomial;
#endif
    try {
        regex_.emplace(pattern.text, flags);
    } catch (const std::regex_error& error) {
        problem_ = text() + " is not a usable regular expression: " + error.what();
    }
}

std::optional<bool> TextMatcher::is_in(std::string_view text) const {
    if (!pattern_.is_regex) {
        return text.find(pattern_.text) != std::string_view::npos;
    }
    if (!regex_) {
        return std::nullopt;
    }
    try {
        if (text.size() <= kWholeTextBytes) {
            return matches(*regex_, text);
        }
        bool has_cut_line = false;
        while (!text.empty()) {
            const size_t end = text.find('\n');
            const std::string_view line = text.substr(0, end);
            has_cut_line |= line.size() > kWholeTextBytes;
            if (matches(*regex_, line.substr(0, kWholeTextBytes))) {
                return true;
            }
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
        const bool spans_lines = pattern_.text.find("\\n") != std::string::npos ||
                                 pattern_.text.find('\n') != std::string::npos;
        return has_cut_line || spans_lines ? std::nullopt : std::optional<bool>(false);
    } catch (const std::regex_error&) {
        return std::nullopt;  // the matcher's own limits of complexity or stack
    }
}

std::string TextMatcher::text() const {
    const char quote = pattern_.is_regex ? '/' : '"';
    return quote + pattern_.text + quote;
}

ExpectationMatchers::ExpectationMatchers(const Expectation& expectation) {
    if (expectation.error) {
        error.emplace(*expectation.error);
    }
    if (expectation.output) {
        output.emplace(*expectation.output);
    }
    if (expectation.error_output) {
        error_output.emplace(*expectation.error_output);
    }
}

}  // namespace dearth::harness
