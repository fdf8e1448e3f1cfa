// A YAML text as a tree that knows where everything stands. yaml_document.cpp is the only file
// that sees the YAML library. Scalars stay text: `on`, `yes`, `1.10` and dates mean what the key
// says they mean, never what YAML 1.1 makes of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/diagnostic.h"

namespace dearth::harness {

struct YamlEntry;

struct YamlNode {
    enum class Kind { kNull, kScalar, kList, kMap };
    enum class Style { kPlain, kQuoted, kLiteral, kFolded };

    Kind kind = Kind::kNull;
    Style style = Style::kPlain;     // of a scalar
    bool spans_lines = false;        // of a plain or quoted scalar: its lines have been joined
    bool is_substituted = false;     // a matrix variable was put in: counts as plain
    Place place;                     // of an empty value: its key's
    std::string text;                // of a scalar
    std::vector<YamlNode> items;     // of a list
    std::vector<YamlEntry> entries;  // of a map, in order, every key once

    bool is_map() const { return kind == Kind::kMap; }
    bool is_list() const { return kind == Kind::kList; }
    bool is_scalar() const { return kind == Kind::kScalar; }
    bool is_null() const { return kind == Kind::kNull; }
    // The value of a key of a map; nullptr: not a map, or no such key.
    const YamlNode* find(std::string_view key) const;
    const YamlEntry* find_entry(std::string_view key) const;
    // A key's scalar, or all scalars of a key that takes one or a list. What is not a scalar is
    // left out: the shape check has complained.
    const YamlNode* scalar(std::string_view key) const;
    std::vector<const YamlNode*> scalars(std::string_view key) const;
};

struct YamlEntry {
    std::string key;
    Place key_place;
    YamlNode value;
};

// Bounds on what a file may ask of us; each has its own message.
inline constexpr size_t kYamlBytesMax = 1u << 20;
inline constexpr size_t kYamlDepthMax = 32;
inline constexpr size_t kYamlNodesMax = 10'000;  // after aliases have been copied

// Reads one document whose root is a map. Everything wrong goes to the sink; nullopt when there is
// no tree worth looking at.
std::optional<YamlNode> parse_yaml(const SourceText& source, DiagnosticSink& sink);

}  // namespace dearth::harness
