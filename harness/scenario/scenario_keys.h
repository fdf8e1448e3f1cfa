// The one table of the scenario language. Parsing, the JSON Schema, the texts of errors and the
// reference in scenarios/README.md are all read from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dearth::harness {

// What a scalar may be; scenario_values.h has the grammar of each.
enum class ValueType : uint8_t {
    kNone,         // no scalar: only the keys below
    kVersion,      // 1
    kText,         // any text
    kAnyText,      // any scalar, taken letter by letter
    kName,         // [a-z0-9._-]{1,64}
    kWord,         // one of `words`
    kInteger,      // whole number from `minimum` to `maximum`
    kByte,         // 0..255 or 0x00..0xFF
    kSize,         // 64B, 8MiB
    kDuration,     // 250ms, 5s
    kOrdinals,     // 17, 17..40, 17..
    kSeeds,        // 42, 1..32
    kProbability,  // 0.5%, 0.005
    kSizeFilter,   // ">=64B", "<=1MiB", 64B..4KiB, 64B
    kAlignFilter,  // ">=64B"
    kGlob,         // function or file name with * and ?
    kKind,         // once, burst=K, persistent, sticky
    kPoints,       // all, sites, sample:K
    kOutcome,      // ok, error, exit:N, signal:NAME
    kIdentifier,   // name of an exception
    kRegex,        // ECMAScript
    kFindingId,    // 8 to 16 hex digits
    kDate,         // 2026-12-31
    kSchedule,     // a schedule's text form
};

enum class Shape : uint8_t { kOne, kOneOrMany, kMany };

enum class Presence : uint8_t {
    kOptional,
    kRequired,
    kReserved,  // known, and refused: not in this version; `doc` says why
};

struct ScenarioKey {
    std::string_view path = {};  // "inject.schedule.nth"; a `*` stands for any key
    ValueType type = ValueType::kNone;
    Shape shape = Shape::kOne;
    Presence presence = Presence::kOptional;
    std::string_view words =
        {};                // kWord: "lua|python"; "@findings": the verdicts that are findings
    uint64_t minimum = 0;  // kInteger, kSize (bytes), kDuration (milliseconds)
    uint64_t maximum = UINT64_MAX;
    std::string_view same_as = {};         // keys below are those of this path
    std::string_view exactly_one_of = {};  // "nth|every": of the keys below
    std::string_view default_text = {};
    std::string_view doc = {};
};

std::span<const ScenarioKey> scenario_keys();
// The row of a path, or nullptr.
const ScenarioKey* find_scenario_key(std::string_view path);
// The last part of the row's path.
std::string_view key_name(const ScenarioKey& row);
// Rows of the keys directly below, in the table's order, reserved ones included; "" is the top.
std::vector<const ScenarioKey*> keys_below(const ScenarioKey* parent);
// "engine, script, run": what errors list; reserved keys are left out.
std::string allowed_keys_text(const ScenarioKey* parent);
// The words of a kWord row.
std::vector<std::string_view> words_of(const ScenarioKey& row);
// What a row takes, for people: "size, at least 16B", "list of raw, mem, obj".
std::string value_text(const ScenarioKey& row);

}  // namespace dearth::harness
