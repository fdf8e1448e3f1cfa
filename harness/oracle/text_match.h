// Patterns of a scenario, compiled once. A regular expression is ECMAScript, `^` and `$` match at
// every line, back references are refused.
//
// Must not run away on the target's output: libstdc++'s default matcher recurses once a character
// (64 KiB of output end the stack), its polynomial one is quadratic in the text's length. So the
// polynomial one is used, on whole texts up to 4 KiB and line by line above.
#pragma once

#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "harness/model/scenario.h"

namespace dearth::harness {

class TextMatcher {
public:
    explicit TextMatcher(const TextPattern& pattern);

    // Empty when the pattern can be used, else why not.
    const std::string& problem() const { return problem_; }
    // Nothing: cannot tell (unusable pattern, or one that spans lines on a long text).
    std::optional<bool> is_in(std::string_view text) const;
    // `"text"` or `/regex/`, for messages.
    std::string text() const;

private:
    TextPattern pattern_;
    std::optional<std::regex> regex_;
    std::string problem_;
};

struct ExpectationMatchers {
    explicit ExpectationMatchers(const Expectation& expectation);

    std::optional<TextMatcher> error;
    std::optional<TextMatcher> output;
    std::optional<TextMatcher> error_output;
};

}  // namespace dearth::harness
