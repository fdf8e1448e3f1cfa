// The key table as Markdown; see scenario_reference.h.
#include "harness/scenario/scenario_reference.h"

#include <fmt/format.h>

#include "harness/scenario/scenario_keys.h"

namespace dearth::harness {
namespace {

// A `|` ends a cell, also between back quotes.
std::string cell(std::string_view text) {
    std::string result;
    for (const char letter : text) {
        result += letter == '|' ? std::string("\\|") : std::string(1, letter);
    }
    return result;
}

std::string shown_path(const ScenarioKey& row) {
    std::string path(row.path);
    for (const std::string_view list : {"cases.", "known."}) {
        if (path.starts_with(list)) {
            path.insert(list.size() - 1, "[]");
        }
    }
    return path;
}

std::string row_text(const ScenarioKey& row) {
    std::string doc(row.doc);
    if (!row.exactly_one_of.empty()) {
        std::string choices(row.exactly_one_of);
        for (size_t at = choices.find('|'); at != std::string::npos; at = choices.find('|')) {
            choices.replace(at, 1, "`, `");
        }
        doc += fmt::format(" Exactly one of `{}`.", choices);
    }
    const bool is_required = row.presence == Presence::kRequired;
    const std::string by_default =
        is_required ? "required" : (row.default_text.empty() ? "" : std::string(row.default_text));
    return fmt::format("| `{}` | {} | {} | {} |\n", shown_path(row), cell(value_text(row)),
                       cell(by_default), cell(doc));
}

}  // namespace

std::string key_reference_text() {
    std::string text = "| key | value | default | meaning |\n|---|---|---|---|\n";
    for (const ScenarioKey& row : scenario_keys()) {
        if (row.presence != Presence::kReserved) {
            text += row_text(row);
        }
    }
    return text;
}

}  // namespace dearth::harness
