// Says what is wrong with a value, and what would be right; the other half of scenario_values.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/base/text.h"
#include "harness/scenario/scenario_values.h"

namespace dearth::harness {
namespace {

// The unit that somebody used to other tools meant.
std::optional<std::string_view> usual_unit(std::string_view unit,
                                           std::span<const std::string_view> units) {
    struct Usage {
        std::string_view theirs;
        std::string_view ours;
    };
    constexpr std::array<Usage, 6> kUsages = {
        {{"m", "min"}, {"sec", "s"}, {"K", "KiB"}, {"M", "MiB"}, {"G", "GiB"}, {"bytes", "B"}}};
    for (const Usage& usage : kUsages) {
        if (usage.theirs == unit &&
            std::find(units.begin(), units.end(), usage.ours) != units.end()) {
            return usage.ours;
        }
    }
    return nearest_word(unit, units);
}

std::optional<ValueProblem> check_unit(std::string_view text, std::string_view noun,
                                       std::span<const std::string_view> units,
                                       std::string_view example) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view unit = text.substr(digits);
    const std::string allowed = "units: " + join(units, ", ");
    if (digits == 0) {
        return ValueProblem{"wrong-type", fmt::format("`{}` is no {}", text, noun),
                            fmt::format("write it like `{}`", example), allowed};
    }
    if (unit.empty()) {
        return ValueProblem{"missing-unit", fmt::format("a {} needs its unit", noun),
                            fmt::format("write it like `{}`", example), allowed};
    }
    if (std::find(units.begin(), units.end(), unit) == units.end()) {
        const bool is_fraction = unit.front() == '.';
        const auto near = usual_unit(unit, units);
        std::string hint;
        if (is_fraction) {
            hint = "whole numbers only, with a smaller unit";
        } else if (near) {
            hint = fmt::format("did you mean `{}{}`?", text.substr(0, digits), *near);
        }
        return ValueProblem{"unknown-unit", fmt::format("unknown unit `{}` in a {}", unit, noun),
                            std::move(hint), allowed};
    }
    return ValueProblem{"out-of-range", fmt::format("`{}` is more than 64 bits hold", text), "",
                        ""};
}

std::optional<ValueProblem> check_range(const ScenarioKey& row, uint64_t value,
                                        std::string (*text)(uint64_t)) {
    if (value >= row.minimum && value <= row.maximum) {
        return std::nullopt;
    }
    const bool is_low = value < row.minimum;
    return ValueProblem{
        "out-of-range",
        fmt::format("`{}` is too {}: `{}` is at {} {}", text(value), is_low ? "small" : "large",
                    key_name(row), is_low ? "least" : "most",
                    text(is_low ? row.minimum : row.maximum)),
        "", ""};
}

std::string plain_number(uint64_t value) {
    return fmt::format("{}", value);
}

std::optional<ValueProblem> check_integer(const ScenarioKey& row, std::string_view text) {
    const auto value = whole_number_from_text(text);
    if (value) {
        return check_range(row, *value, plain_number);
    }
    return ValueProblem{
        "wrong-type",
        fmt::format("`{}` takes a whole number, not `{}`", key_name(row), shortened(text, 40)),
        "digits only", ""};
}

std::optional<ValueProblem> check_size(const ScenarioKey& row, std::string_view text) {
    constexpr std::array<std::string_view, 4> kUnits = {"B", "KiB", "MiB", "GiB"};
    const auto value = size_from_text(text);
    return value ? check_range(row, *value, size_text) : check_unit(text, "size", kUnits, "64KiB");
}

std::optional<ValueProblem> check_duration(const ScenarioKey& row, std::string_view text) {
    constexpr std::array<std::string_view, 4> kUnits = {"ms", "s", "min", "h"};
    const auto value = duration_from_text(text);
    return value ? check_range(row, *value, duration_text)
                 : check_unit(text, "duration", kUnits, "5s");
}

// Words people know from elsewhere and that no spelling distance leads to ours.
struct Synonym {
    std::string_view row;
    std::string_view word;
    std::string_view ours;
};
constexpr std::array kSynonyms = std::to_array<Synonym>({
    {"inject.when.phase", "startup", "open"},
    {"inject.when.phase", "boot", "open"},
    {"inject.when.phase", "init", "open"},
    {"inject.when.phase", "script", "run"},
    {"inject.when.phase", "finalize", "close"},
    {"inject.when.phase", "shutdown", "close"},
    {"inject.when.domain", "object", "obj"},
    {"target.domains", "object", "obj"},
    {"target.engine", "cpython", "python"},
    {"target.engine", "python3", "python"},
    {"target.engine", "lua5.4", "lua"},
    {"inject.kind", "transient", "once"},
    {"inject.kind", "burst", "burst=3"},
    {"inject.kind", "always", "persistent"},
    {"guard", "false", "off"},
    {"guard", "no", "off"},
    {"guard", "on", "bytes"},
    {"guard", "true", "bytes"},
    {"guard", "yes", "bytes"},
    {"guard", "pages", "page"},
});

std::string word_hint(const ScenarioKey& row, std::string_view word,
                      std::span<const std::string_view> words) {
    for (const Synonym& synonym : kSynonyms) {
        if (synonym.row == row.path && synonym.word == word) {
            return fmt::format("did you mean `{}`?", synonym.ours);
        }
    }
    const auto near = nearest_word(word, words);
    return near ? fmt::format("did you mean `{}`?", *near) : "";
}

ValueProblem unknown_word(const ScenarioKey& row, std::string_view text,
                          std::span<const std::string_view> words) {
    return ValueProblem{
        "unknown-word",
        fmt::format("unknown word `{}` for `{}`", shortened(text, 40), key_name(row)),
        word_hint(row, text, words), "words allowed here: " + join(words, ", ")};
}

std::optional<ValueProblem> check_word(const ScenarioKey& row, std::string_view text) {
    const std::vector<std::string_view> words = words_of(row);
    if (std::find(words.begin(), words.end(), text) != words.end()) {
        return std::nullopt;
    }
    return unknown_word(row, text, words);
}

std::optional<ValueProblem> check_outcome(const ScenarioKey& row, std::string_view text) {
    if (outcome_from_text(text)) {
        return std::nullopt;
    }
    if (text.starts_with("exit:")) {
        return ValueProblem{"out-of-range", "an exit status is a whole number from 0 to 255", "",
                            ""};
    }
    if (text.starts_with("signal:")) {
        return ValueProblem{"unknown-word",
                            fmt::format("`{}` is no signal of this system", text.substr(7)),
                            "write it like `signal:ABRT`", ""};
    }
    constexpr std::array<std::string_view, 4> kForms = {"ok", "error", "exit:N", "signal:NAME"};
    ValueProblem problem = unknown_word(row, text, kForms);
    problem.allowed += ", { exception: NAME }";
    return problem;
}

std::optional<ValueProblem> check_kind(const ScenarioKey& row, std::string_view text) {
    const auto kind = sweep_kind_from_text(text);
    if (kind && kind->action == DEARTH_ACTION_FAIL) {
        return std::nullopt;
    }
    if (kind) {
        return ValueProblem{"bad-value", "the action has a key of its own",
                            "write `action:` beside `kind:`", ""};
    }
    constexpr std::array<std::string_view, 4> kWords = {"once", "burst=K", "persistent", "sticky"};
    return unknown_word(row, text, kWords);
}

std::optional<ValueProblem> check_version(std::string_view text) {
    if (text == "1") {
        return std::nullopt;
    }
    if (whole_number_from_text(text)) {
        return ValueProblem{"unknown-version",
                            fmt::format("version {} is not known; this dearth reads version 1",
                                        shortened(text, 40)),
                            "", ""};
    }
    return ValueProblem{"wrong-type", "the version is a whole number", "write `version: 1`", ""};
}

// Types whose problem is always the same: a test, and what would pass it.
struct Grammar {
    ValueType type;
    bool (*is_right)(std::string_view text);
    std::string_view hint;
};
constexpr std::array kGrammars = std::to_array<Grammar>({
    {ValueType::kName, is_scenario_name, "1 to 64 of a-z, 0-9, `.`, `_`, `-`"},
    {ValueType::kByte, [](std::string_view text) { return byte_from_text(text).has_value(); },
     "a byte: 0 to 255, or 0x00 to 0xFF"},
    {ValueType::kOrdinals,
     [](std::string_view text) { return ordinals_from_text(text).has_value(); },
     "`17`, `17..40` or `17..`, from 1 and upwards"},
    {ValueType::kSeeds, [](std::string_view text) { return seeds_from_text(text).has_value(); },
     "`42` or `1..32`"},
    {ValueType::kProbability,
     [](std::string_view text) { return probability_ppb_from_text(text).has_value(); },
     "above 0% and up to 100%: `0.5%`, or `0.005`"},
    {ValueType::kSizeFilter,
     [](std::string_view text) { return size_filter_from_text(text).has_value(); },
     "\">=64B\", \"<=1MiB\", 64B..4KiB or 64B"},
    {ValueType::kAlignFilter,
     [](std::string_view text) { return align_filter_from_text(text).has_value(); },
     "a power of two: \">=64B\""},
    {ValueType::kGlob,
     [](std::string_view text) { return !text.empty() && text.size() < DEARTH_PATTERN_BYTES; },
     "1 to 63 bytes, with `*` and `?`"},
    {ValueType::kPoints, [](std::string_view text) { return points_from_text(text).has_value(); },
     "`all`, `sites` or `sample:100`"},
    {ValueType::kIdentifier, is_class_name, "a class name of at most 31 letters: `MemoryError`"},
    {ValueType::kFindingId, is_finding_id, "8 to 16 hex digits, as reports show them"},
    {ValueType::kDate, is_calendar_date, "a day of the calendar: \"2026-12-31\""},
});

std::optional<ValueProblem> check_grammar(const ScenarioKey& row, std::string_view text) {
    const auto grammar = std::find_if(kGrammars.begin(), kGrammars.end(),
                                      [&](const Grammar& one) { return one.type == row.type; });
    if (grammar == kGrammars.end() || grammar->is_right(text)) {
        return std::nullopt;
    }
    return ValueProblem{"bad-value",
                        fmt::format("`{}` does not take `{}`", key_name(row), shortened(text, 40)),
                        std::string(grammar->hint), ""};
}

}  // namespace

std::optional<ValueProblem> check_value(const ScenarioKey& row, std::string_view text) {
    switch (row.type) {
        case ValueType::kVersion:
            return check_version(text);
        case ValueType::kWord:
            return check_word(row, text);
        case ValueType::kInteger:
            return check_integer(row, text);
        case ValueType::kSize:
            return check_size(row, text);
        case ValueType::kDuration:
            return check_duration(row, text);
        case ValueType::kKind:
            return check_kind(row, text);
        case ValueType::kOutcome:
            return check_outcome(row, text);
        case ValueType::kNone:
        case ValueType::kAnyText:
        case ValueType::kText:
        case ValueType::kRegex:     // compiled where it is used
        case ValueType::kSchedule:  // read where it is used
            return std::nullopt;
        case ValueType::kName:
        case ValueType::kByte:
        case ValueType::kOrdinals:
        case ValueType::kSeeds:
        case ValueType::kProbability:
        case ValueType::kSizeFilter:
        case ValueType::kAlignFilter:
        case ValueType::kGlob:
        case ValueType::kPoints:
        case ValueType::kIdentifier:
        case ValueType::kFindingId:
        case ValueType::kDate:
            return check_grammar(row, text);
    }
    return std::nullopt;
}

}  // namespace dearth::harness
