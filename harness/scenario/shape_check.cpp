// The document against the table; see shape_check.h.
#include "harness/scenario/shape_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.h"
#include "harness/scenario/matrix.h"
#include "harness/scenario/scenario_keys.h"
#include "harness/scenario/scenario_values.h"

namespace dearth::harness {
namespace {

std::string_view kind_text(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::kNull:
            return "nothing";
        case YamlNode::Kind::kScalar:
            return "text";
        case YamlNode::Kind::kList:
            return "a list";
        case YamlNode::Kind::kMap:
            return "a mapping";
    }
    return "something else";
}

bool is_number_type(ValueType type) {
    return type == ValueType::kInteger || type == ValueType::kVersion || type == ValueType::kByte;
}

class ShapeChecker {
public:
    explicit ShapeChecker(DiagnosticSink& sink) : sink_(sink) {}

    // `row` is nullptr for the whole file.
    void check_map(const YamlNode& node, const ScenarioKey* row, const std::string& path,
                   const Place& place);

private:
    void check_entry(const YamlEntry& entry, const ScenarioKey* parent, const std::string& path);
    void check(const YamlNode& node, const ScenarioKey& row, const std::string& path,
               const Place& key_place);
    void check_one(const YamlNode& node, const ScenarioKey& row, const std::string& path,
                   const Place& key_place);
    void check_scalar(const YamlNode& node, const ScenarioKey& row);
    void report_unknown(const YamlEntry& entry, const ScenarioKey* parent, const std::string& path);
    void check_required(const YamlNode& node, const ScenarioKey* row, const std::string& path,
                        const Place& place);
    void check_exactly_one(const YamlNode& node, const ScenarioKey& row, const std::string& path,
                           const Place& place);

    DiagnosticSink& sink_;
};

std::string where_text(const std::string& path) {
    return path.empty() ? "at the top" : fmt::format("in `{}`", path);
}

void ShapeChecker::check_map(const YamlNode& node, const ScenarioKey* row, const std::string& path,
                             const Place& place) {
    for (const YamlEntry& entry : node.entries) {
        check_entry(entry, row, path);
    }
    check_required(node, row, path, place);
    if (row != nullptr && !row->exactly_one_of.empty()) {
        check_exactly_one(node, *row, path, place);
    }
}

void ShapeChecker::check_entry(const YamlEntry& entry, const ScenarioKey* parent,
                               const std::string& path) {
    const std::string child_path = path.empty() ? entry.key : path + "." + entry.key;
    for (const ScenarioKey* row : keys_below(parent)) {
        const std::string_view name = key_name(*row);
        if (name != entry.key && name != "*") {
            continue;
        }
        if (row->presence != Presence::kReserved) {
            check(entry.value, *row, child_path, entry.key_place);
        } else {
            sink_.report(entry.key_place, "not-in-this-version",
                         fmt::format("`{}` is not in this version", entry.key),
                         std::string(row->doc == "not in this version" ? "" : row->doc),
                         "keys allowed here: " + allowed_keys_text(parent));
        }
        return;
    }
    report_unknown(entry, parent, path);
}

void ShapeChecker::report_unknown(const YamlEntry& entry, const ScenarioKey* parent,
                                  const std::string& path) {
    std::vector<std::string_view> names;
    for (const ScenarioKey* row : keys_below(parent)) {
        if (row->presence != Presence::kReserved) {
            names.push_back(key_name(*row));
        }
    }
    std::string hint;
    if (parent != nullptr && parent->type == ValueType::kOutcome) {
        // YAML makes a mapping of `exit: 1`.
        hint = fmt::format("did you mean `{}:{}`, without a blank?", entry.key, entry.value.text);
    } else if (entry.key == "<<") {
        hint = "merge keys are not part of this language";
    } else if (const auto near = nearest_word(entry.key, names)) {
        hint = fmt::format("did you mean `{}`?", *near);
    } else {
        // The right word in the wrong place. A table row below `cases` or `unless` is no home of
        // its own.
        for (const ScenarioKey& row : scenario_keys()) {
            if (key_name(row) == entry.key && row.presence != Presence::kReserved) {
                const size_t dot = row.path.rfind('.');
                hint =
                    dot == std::string_view::npos
                        ? fmt::format("`{}` belongs at the top", entry.key)
                        : fmt::format("`{}` belongs in `{}`", entry.key, row.path.substr(0, dot));
                break;
            }
        }
    }
    sink_.report(entry.key_place, "unknown-key",
                 fmt::format("unknown key `{}` {}", shortened(entry.key, 60), where_text(path)),
                 std::move(hint), "keys allowed here: " + allowed_keys_text(parent));
}

void ShapeChecker::check(const YamlNode& node, const ScenarioKey& row, const std::string& path,
                         const Place& key_place) {
    if (node.is_null()) {
        sink_.report(key_place, "missing-value", fmt::format("`{}` has no value", key_name(row)),
                     fmt::format("takes: {}", value_text(row)));
        return;
    }
    if (row.shape == Shape::kMany && !node.is_list()) {
        sink_.report(node.place, "wrong-type",
                     fmt::format("`{}` takes a list, not {}", path, kind_text(node)),
                     fmt::format("takes: {}", value_text(row)));
        return;
    }
    if (row.shape == Shape::kOne || !node.is_list()) {
        check_one(node, row, path, key_place);
        return;
    }
    for (size_t index = 0; index < node.items.size(); ++index) {
        const YamlNode& item = node.items[index];
        const std::string item_path = fmt::format("{}[{}]", path, index);
        if (item.is_null()) {
            sink_.report(node.place, "missing-value", fmt::format("`{}` has no value", item_path));
        } else {
            check_one(item, row, item_path, item.place);
        }
    }
}

void ShapeChecker::check_one(const YamlNode& node, const ScenarioKey& row, const std::string& path,
                             const Place& key_place) {
    const bool takes_map = !keys_below(&row).empty();
    if (node.is_map() && takes_map) {
        check_map(node, &row, path, key_place);
    } else if (node.is_scalar() && row.type != ValueType::kNone) {
        check_scalar(node, row);
    } else {
        const bool wants_map = row.type == ValueType::kNone;
        std::string hint = fmt::format("takes: {}", value_text(row));
        // `exit: 1` is a mapping, `exit:1` is the word that was meant.
        if (row.type == ValueType::kOutcome && node.is_map()) {
            hint = "no blank behind the colon";
        }
        sink_.report(node.place, "wrong-type",
                     fmt::format("`{}` takes {}, not {}", path,
                                 wants_map ? "a mapping" : "one value", kind_text(node)),
                     std::move(hint),
                     wants_map ? "keys allowed here: " + allowed_keys_text(&row) : "");
    }
}

void ShapeChecker::check_scalar(const YamlNode& node, const ScenarioKey& row) {
    if (has_matrix_variable(node.text)) {
        return;  // one that could not be replaced, and that has been reported
    }
    const bool is_quoted = node.style != YamlNode::Style::kPlain && !node.is_substituted;
    if (is_number_type(row.type) && is_quoted) {
        sink_.report(node.place, "wrong-type",
                     fmt::format("`{}` takes a number, not text", key_name(row)), "without quotes");
        return;
    }
    if (node.text.find('\0') != std::string::npos) {
        sink_.report(node.place, "bad-value", "text must not contain a zero byte");
        return;
    }
    if (auto problem = check_value(row, node.text)) {
        sink_.report(node.place, problem->code, std::move(problem->message),
                     std::move(problem->hint), std::move(problem->allowed));
    }
}

void ShapeChecker::check_required(const YamlNode& node, const ScenarioKey* row,
                                  const std::string& path, const Place& place) {
    // `{ exit: 1 }` was one complaint already; what else is missing from it is noise.
    const bool is_misread_word = row != nullptr && row->type == ValueType::kOutcome &&
                                 node.find("exception") == nullptr && !node.entries.empty();
    for (const ScenarioKey* child : keys_below(row)) {
        if (child->presence == Presence::kRequired && node.find(key_name(*child)) == nullptr &&
            !is_misread_word) {
            sink_.report(
                place, "missing-key",
                fmt::format("the key `{}` is missing {}", key_name(*child), where_text(path)),
                fmt::format("takes: {}", value_text(*child)));
        }
    }
}

void ShapeChecker::check_exactly_one(const YamlNode& node, const ScenarioKey& row,
                                     const std::string& path, const Place& place) {
    const YamlEntry* first = nullptr;
    const std::vector<std::string_view> choices = split(row.exactly_one_of, '|');
    for (const YamlEntry& entry : node.entries) {
        if (std::find(choices.begin(), choices.end(), entry.key) == choices.end()) {
            continue;
        }
        if (first != nullptr) {
            sink_.report(entry.key_place, "conflict",
                         fmt::format("`{}` cannot stand beside `{}`", entry.key, first->key),
                         "keep one", "exactly one of: " + join(choices, ", "));
        }
        first = &entry;
    }
    if (first == nullptr) {
        sink_.report(place, "missing-key", fmt::format("`{}` does not say when", path), "",
                     "exactly one of: " + join(choices, ", "));
    }
}

}  // namespace

void check_shape(const YamlNode& root, DiagnosticSink& sink) {
    ShapeChecker(sink).check_map(root, nullptr, "", {1, 1, 1});
}

}  // namespace dearth::harness
