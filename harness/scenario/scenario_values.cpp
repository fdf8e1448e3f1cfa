// Grammars of the language's values; see scenario_values.h.
#include "harness/scenario/scenario_values.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kBillion = 1'000'000'000;

bool consists_of(std::string_view text, bool (*is_allowed)(char)) {
    return std::all_of(text.begin(), text.end(), is_allowed);
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}
bool is_hex_digit(char letter) {
    return is_digit(letter) || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}
bool is_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}
bool is_identifier_letter(char letter) {
    return is_letter(letter) || is_digit(letter) || letter == '_' || letter == '.';
}
bool is_name_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || is_digit(letter) || letter == '.' || letter == '_' ||
           letter == '-';
}

struct Halves {
    std::string_view left;
    std::optional<std::string_view> right;
};

Halves split_range(std::string_view text) {
    const size_t dots = text.find("..");
    if (dots == std::string_view::npos) {
        return {text, std::nullopt};
    }
    return {text.substr(0, dots), text.substr(dots + 2)};
}

std::optional<NumberRange> number_range(std::string_view text, bool may_be_open) {
    const auto [left, right] = split_range(text);
    const auto first = whole_number_from_text(left);
    if (!first) {
        return std::nullopt;
    }
    if (!right) {
        return NumberRange{*first, *first};
    }
    if (right->empty() && may_be_open) {
        return NumberRange{*first, UINT64_MAX};
    }
    const auto last = whole_number_from_text(*right);
    if (!last || *last < *first) {
        return std::nullopt;
    }
    return NumberRange{*first, *last};
}

}  // namespace

std::optional<uint64_t> byte_from_text(std::string_view text) {
    if (text.starts_with("0x")) {
        const std::string_view digits = text.substr(2);
        if (digits.empty() || digits.size() > 2 || !consists_of(digits, is_hex_digit)) {
            return std::nullopt;
        }
        return std::stoul(std::string(digits), nullptr, 16);
    }
    const auto value = whole_number_from_text(text);
    return value && *value <= 255 ? value : std::nullopt;
}

std::optional<NumberRange> ordinals_from_text(std::string_view text) {
    const auto range = number_range(text, true);
    return range && range->first >= 1 ? range : std::nullopt;
}

std::optional<NumberRange> seeds_from_text(std::string_view text) {
    return number_range(text, false);
}

// Decimal arithmetic: 0.1% is 1,000,000 of a billion exactly, and what is finer than one of a
// billion is refused rather than rounded away.
std::optional<uint64_t> probability_ppb_from_text(std::string_view text) {
    const bool is_percent = text.ends_with('%');
    if (is_percent) {
        text.remove_suffix(1);
    }
    const size_t places = is_percent ? 7 : 9;
    const size_t dot = std::min(text.find('.'), text.size());
    const auto whole = whole_number_from_text(text.substr(0, dot));
    if (!whole || *whole > 100) {
        return std::nullopt;
    }
    std::string fraction(dot < text.size() ? text.substr(dot + 1) : "0");
    if (fraction.empty() || fraction.size() > places) {
        return std::nullopt;
    }
    fraction.resize(places, '0');
    const auto parts = whole_number_from_text(fraction);
    if (!parts) {
        return std::nullopt;
    }
    const uint64_t ppb = *whole * (is_percent ? kBillion / 100 : kBillion) + *parts;
    return ppb >= 1 && ppb <= kBillion ? std::optional(ppb) : std::nullopt;
}

std::optional<NumberRange> size_filter_from_text(std::string_view text) {
    const bool is_least = text.starts_with(">=");
    if (is_least || text.starts_with("<=")) {
        const auto size = size_from_text(text.substr(2));
        if (!size || *size == 0) {
            return std::nullopt;
        }
        return is_least ? NumberRange{*size, UINT64_MAX} : NumberRange{0, *size};
    }
    const auto [left, right] = split_range(text);
    const auto least = size_from_text(left);
    const auto most = size_from_text(right.value_or(left));
    if (!least || !most || *most < *least || *most == 0) {
        return std::nullopt;
    }
    return NumberRange{*least, *most};
}

std::optional<uint64_t> align_filter_from_text(std::string_view text) {
    if (!text.starts_with(">=")) {
        return std::nullopt;
    }
    const auto size = size_from_text(text.substr(2));
    return size && *size > 0 && (*size & (*size - 1)) == 0 ? size : std::nullopt;
}

std::optional<PointChoice> points_from_text(std::string_view text) {
    if (text == "all") {
        return PointChoice{};
    }
    if (text == "sites") {
        return PointChoice{PointSelection::kSites, 0};
    }
    constexpr std::string_view kSample = "sample:";
    if (!text.starts_with(kSample)) {
        return std::nullopt;
    }
    const auto count = whole_number_from_text(text.substr(kSample.size()));
    if (!count || *count == 0) {
        return std::nullopt;
    }
    return PointChoice{PointSelection::kSample, *count};
}

std::optional<int> signal_from_name(std::string_view name) {
    if (name.starts_with("SIG")) {
        name.remove_prefix(3);
    }
    for (int number = 1; number < 32; ++number) {
        const char* abbreviation = ::sigabbrev_np(number);
        if (abbreviation != nullptr && name == abbreviation) {
            return number;
        }
    }
    return std::nullopt;
}

std::optional<AcceptableOutcome> outcome_from_text(std::string_view text) {
    using Form = AcceptableOutcome::Form;
    if (text == "ok" || text == "error") {
        return AcceptableOutcome{text == "ok" ? Form::kOk : Form::kError, "", 0};
    }
    if (text.starts_with("exit:")) {
        const auto status = whole_number_from_text(text.substr(5));
        if (status && *status <= 255) {
            return AcceptableOutcome{Form::kExit, "", static_cast<int>(*status)};
        }
    }
    if (text.starts_with("signal:")) {
        if (const auto number = signal_from_name(text.substr(7))) {
            return AcceptableOutcome{Form::kSignal, "", *number};
        }
    }
    return std::nullopt;
}

bool is_class_name(std::string_view text) {
    return !text.empty() && text.size() < 32 && !is_digit(text.front()) &&
           consists_of(text, is_identifier_letter);
}

bool is_finding_id(std::string_view text) {
    return text.size() >= 8 && text.size() <= 16 && consists_of(text, is_hex_digit);
}

bool is_scenario_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && consists_of(text, is_name_letter);
}

bool is_calendar_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
        return false;
    }
    const auto year = whole_number_from_text(text.substr(0, 4));
    const auto month = whole_number_from_text(text.substr(5, 2));
    const auto day = whole_number_from_text(text.substr(8, 2));
    return year && month && day &&
           std::chrono::year_month_day(std::chrono::year(static_cast<int>(*year)),
                                       std::chrono::month(static_cast<unsigned>(*month)),
                                       std::chrono::day(static_cast<unsigned>(*day)))
               .ok();
}

}  // namespace dearth::harness
