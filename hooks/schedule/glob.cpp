// Glob matching of whole texts, iterative: backtracks to the latest star only, so the worst case
// is pattern times text, never exponential.
#include "hooks/schedule/schedule_decision.h"

namespace dearth::hooks {

namespace {

// `at` stands behind the `[`. Returns the position behind the `]`, or nullptr when none closes.
// A `]` that comes first stands for itself.
const char* match_class(const char* at, char letter, bool& is_match) noexcept {
    const bool is_negated = *at == '!' || *at == '^';
    at += is_negated ? 1 : 0;
    const char* const first = at;
    bool is_member = false;
    const auto code = static_cast<unsigned char>(letter);
    while (*at != '\0' && (*at != ']' || at == first)) {
        const auto low = static_cast<unsigned char>(at[0]);
        if (at[1] == '-' && at[2] != '\0' && at[2] != ']') {
            is_member |= code >= low && code <= static_cast<unsigned char>(at[2]);
            at += 3;
        } else {
            is_member |= code == low;
            at += 1;
        }
    }
    is_match = is_member != is_negated;
    return *at == ']' ? at + 1 : nullptr;
}

// Matches one letter against the head of the pattern; returns the rest of the pattern, or nullptr.
const char* match_one(const char* pattern, char letter) noexcept {
    if (*pattern == '[') {
        bool is_match = false;
        const char* const rest = match_class(pattern + 1, letter, is_match);
        if (rest != nullptr) {
            return is_match ? rest : nullptr;
        }
    }
    const bool is_match = *pattern == '?' || *pattern == letter;
    return is_match && *pattern != '\0' ? pattern + 1 : nullptr;
}

}  // namespace

bool glob_matches(const char* pattern, const char* text) noexcept {
    if (pattern == nullptr || text == nullptr) {
        return false;
    }
    const char* behind_star = nullptr;
    const char* star_text = nullptr;
    while (*text != '\0') {
        if (*pattern == '*') {
            behind_star = ++pattern;
            star_text = text;
            continue;
        }
        const char* const rest = match_one(pattern, *text);
        if (rest != nullptr) {
            pattern = rest;
            ++text;
        } else if (behind_star != nullptr) {
            pattern = behind_star;
            text = ++star_text;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        ++pattern;
    }
    return *pattern == '\0';
}

}  // namespace dearth::hooks
