// How the table is walked, and what its rows say to people; see scenario_keys.h.
#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/model/verdict.h"
#include "harness/scenario/scenario_keys.h"

namespace dearth::harness {
namespace {

using enum ValueType;
using enum Shape;
using enum Presence;

std::vector<std::string_view> finding_words() {
    std::vector<std::string_view> words;
    for (const VerdictRow& row : verdict_rows()) {
        if (is_finding(row.verdict)) {
            words.push_back(row.name);
        }
    }
    return words;
}

std::string range_text(const ScenarioKey& row) {
    const bool is_size = row.type == kSize;
    const auto text = [&](uint64_t value) {
        if (row.type == kInteger) {
            return fmt::format("{}", value);
        }
        return is_size ? size_text(value) : duration_text(value);
    };
    if (row.maximum == UINT64_MAX || row.maximum == UINT32_MAX) {
        return row.minimum == 0 ? "" : fmt::format(" from {}", text(row.minimum));
    }
    return row.minimum == 0 ? fmt::format(" up to {}", text(row.maximum))
                            : fmt::format(", {} to {}", text(row.minimum), text(row.maximum));
}

std::string scalar_text(const ScenarioKey& row) {
    switch (row.type) {
        case kNone:
            return "mapping";
        case kVersion:
            return "1";
        case kText:
        case kAnyText:
            return "text";
        case kName:
            return "name of a-z 0-9 . _ -";
        case kWord:
            return row.words == "@findings" ? "verdict" : join(words_of(row), ", ");
        case kInteger:
            return "whole number" + range_text(row);
        case kByte:
            return "byte";
        case kSize:
            return "size" + range_text(row);
        case kDuration:
            return "duration" + range_text(row);
        case kOrdinals:
            return "N, A..B or A..";
        case kSeeds:
            return "N or A..B";
        case kProbability:
            return "0.5% or 0.005";
        case kSizeFilter:
            return "\">=64B\", \"<=1MiB\", 64B..4KiB or 64B";
        case kAlignFilter:
            return "\">=64B\"";
        case kGlob:
            return "name with * and ?";
        case kKind:
            return "once, burst=K, persistent, sticky";
        case kPoints:
            return "all, sites or sample:K";
        case kOutcome:
            return "ok, error, exit:N, signal:NAME";
        case kIdentifier:
            return "class name";
        case kRegex:
            return "regular expression (ECMAScript)";
        case kFindingId:
            return "8 to 16 hex digits";
        case kDate:
            return "YYYY-MM-DD";
        case kSchedule:
            return "schedule text";
    }
    return "";
}

}  // namespace

const ScenarioKey* find_scenario_key(std::string_view path) {
    for (const ScenarioKey& row : scenario_keys()) {
        if (row.path == path) {
            return &row;
        }
    }
    return nullptr;
}

std::string_view key_name(const ScenarioKey& row) {
    const size_t dot = row.path.rfind('.');
    return dot == std::string_view::npos ? row.path : row.path.substr(dot + 1);
}

std::vector<const ScenarioKey*> keys_below(const ScenarioKey* parent) {
    std::string prefix;
    if (parent != nullptr) {
        prefix = std::string(parent->same_as.empty() ? parent->path : parent->same_as) + ".";
    }
    std::vector<const ScenarioKey*> rows;
    for (const ScenarioKey& row : scenario_keys()) {
        if (row.path.starts_with(prefix) &&
            row.path.find('.', prefix.size()) == std::string_view::npos) {
            rows.push_back(&row);
        }
    }
    return rows;
}

std::string allowed_keys_text(const ScenarioKey* parent) {
    std::vector<std::string_view> names;
    for (const ScenarioKey* row : keys_below(parent)) {
        if (row->presence != kReserved) {
            names.push_back(key_name(*row));
        }
    }
    return join(names, ", ");
}

std::vector<std::string_view> words_of(const ScenarioKey& row) {
    return row.words == "@findings" ? finding_words() : split(row.words, '|');
}

std::string value_text(const ScenarioKey& row) {
    const std::string one = scalar_text(row);
    switch (row.shape) {
        case kOne:
            return keys_below(&row).empty() || row.type == kNone ? one : one + ", or mapping";
        case kOneOrMany:
            return one + "; one or a list";
        case kMany:
            return fmt::format("list of {}", row.type == kNone ? "mappings" : one);
    }
    return one;
}

}  // namespace dearth::harness
