// Grammars of the language's values: text in, number or plain struct out. Each says in one phrase
// what is wrong and what would be right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/model/scenario.h"
#include "harness/scenario/scenario_keys.h"

namespace dearth::harness {

struct ValueProblem {
    std::string code = "bad-value";
    std::string message;
    std::string hint;
    std::string allowed;
};

struct NumberRange {
    uint64_t first = 0;
    uint64_t last = 0;  // UINT64_MAX: open

    bool operator==(const NumberRange&) const = default;
};

struct PointChoice {
    PointSelection selection = PointSelection::kAll;
    uint64_t sample_count = 0;
};

// Each returns nullopt for text outside its grammar; check_value says why.
std::optional<uint64_t> byte_from_text(std::string_view text);
std::optional<NumberRange> ordinals_from_text(std::string_view text);
std::optional<NumberRange> seeds_from_text(std::string_view text);
std::optional<uint64_t> probability_ppb_from_text(std::string_view text);
std::optional<NumberRange> size_filter_from_text(std::string_view text);
std::optional<uint64_t> align_filter_from_text(std::string_view text);
std::optional<PointChoice> points_from_text(std::string_view text);
std::optional<AcceptableOutcome> outcome_from_text(std::string_view text);
// "ABRT" or "SIGABRT".
std::optional<int> signal_from_name(std::string_view name);
bool is_scenario_name(std::string_view text);
bool is_class_name(std::string_view text);
bool is_finding_id(std::string_view text);
bool is_calendar_date(std::string_view text);

// Does `text` fit the row's type, words and range? nullopt: it does.
std::optional<ValueProblem> check_value(const ScenarioKey& row, std::string_view text);

}  // namespace dearth::harness
