// Goal: no key takes a value of the wrong kind. Method: for every row of the table a document is
// made that has, at this key, a mapping, a list, text and nothing; what the row does not take must
// be refused at that key.
#include "harness/scenario/shape_check.h"

#include <gtest/gtest.h>

#include "harness/base/text.h"
#include "harness/scenario/scenario_keys.h"

namespace dearth::harness {
namespace {

// `{ a: { b: VALUE } }` for the path a.b; lists where the table wants them.
std::string document(std::string_view path, const std::string& value) {
    std::string text;
    std::string tail;
    std::string so_far;
    for (const std::string_view part : split(path, '.')) {
        if (!so_far.empty()) {
            const ScenarioKey* parent = find_scenario_key(so_far);
            const bool is_list = parent != nullptr && parent->shape == Shape::kMany;
            text += is_list ? "[{ " : "{ ";
            tail = (is_list ? " }]" : " }") + tail;
            so_far += ".";
        }
        so_far += part;
        text += std::string(part == "*" ? "any" : part) + ": ";
    }
    return text + value + tail + "\n";
}

// Codes reported in the line of the document, which is one line.
std::vector<std::string> codes_for(const std::string& yaml) {
    const SourceText source("x", yaml);
    DiagnosticSink sink(source);
    const auto root = parse_yaml(source, sink);
    EXPECT_TRUE(root) << yaml;
    if (root) {
        check_shape(*root, sink);
    }
    std::vector<std::string> codes;
    for (const Diagnostic& diagnostic : sink.take()) {
        if (diagnostic.code != "missing-key") {
            codes.push_back(diagnostic.code);
        }
    }
    return codes;
}

bool has(const std::vector<std::string>& codes, std::string_view code) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

TEST(ShapeCheck, RefusesTheWrongKindOfValueAtEveryKey) {
    for (const ScenarioKey& row : scenario_keys()) {
        if (row.presence == Presence::kReserved) {
            EXPECT_TRUE(has(codes_for(document(row.path, "x")), "not-in-this-version")) << row.path;
            continue;
        }
        const bool takes_map = !keys_below(&row).empty();
        const bool takes_scalar = row.type != ValueType::kNone && row.shape != Shape::kMany;
        const bool takes_list = row.shape != Shape::kOne;
        EXPECT_TRUE(has(codes_for(document(row.path, "~")), "missing-value")) << row.path;
        EXPECT_EQ(has(codes_for(document(row.path, "[[x]]")), "wrong-type"), true) << row.path;
        if (!takes_list) {
            EXPECT_TRUE(has(codes_for(document(row.path, "[x]")), "wrong-type")) << row.path;
        }
        if (!takes_scalar) {
            EXPECT_TRUE(has(codes_for(document(row.path, "x")), "wrong-type")) << row.path;
        }
        // A map of any keys takes a key `zzz`; all others know it is not theirs.
        const bool takes_any_key =
            takes_map && key_name(*keys_below(&row).front()) == std::string_view("*");
        if (!takes_any_key) {
            const auto codes = codes_for(document(row.path, "{ zzz: 1 }"));
            EXPECT_TRUE(
                has(codes, takes_map && row.shape != Shape::kMany ? "unknown-key" : "wrong-type"))
                << row.path;
        }
    }
}

TEST(ShapeCheck, RefusesAnUnknownKeyInEveryMapping) {
    for (const ScenarioKey& row : scenario_keys()) {
        const auto below = keys_below(&row);
        if (below.empty() || key_name(*below.front()) == "*") {
            continue;
        }
        const std::string map = "{ zzz: 1 }";
        const bool is_list = row.shape == Shape::kMany;
        EXPECT_TRUE(
            has(codes_for(document(row.path, is_list ? "[" + map + "]" : map)), "unknown-key"))
            << row.path;
    }
}

TEST(ShapeCheck, AsksForEveryRequiredKey) {
    for (const ScenarioKey& row : scenario_keys()) {
        const size_t dot = row.path.rfind('.');
        if (row.presence != Presence::kRequired || dot == std::string_view::npos) {
            continue;
        }
        const std::string_view parent_path = row.path.substr(0, dot);
        const ScenarioKey* parent = find_scenario_key(parent_path);
        ASSERT_NE(parent, nullptr) << row.path;
        const SourceText source(
            "x", document(parent_path, parent->shape == Shape::kMany ? "[{}]" : "{}"));
        DiagnosticSink sink(source);
        const auto root = parse_yaml(source, sink);
        ASSERT_TRUE(root);
        check_shape(*root, sink);
        bool is_asked = false;
        for (const Diagnostic& diagnostic : sink.take()) {
            is_asked |= diagnostic.code == "missing-key" &&
                        diagnostic.message.find("`" + std::string(key_name(row)) + "`") !=
                            std::string::npos;
        }
        EXPECT_TRUE(is_asked) << row.path;
    }
}

TEST(ScenarioKeys, EveryRowIsWhole) {
    for (const ScenarioKey& row : scenario_keys()) {
        EXPECT_FALSE(row.doc.empty()) << row.path;
        EXPECT_EQ(find_scenario_key(row.path), &row) << "path twice: " << row.path;
        EXPECT_EQ(row.type == ValueType::kWord, !row.words.empty()) << row.path;
        EXPECT_LE(row.minimum, row.maximum) << row.path;
        const size_t dot = row.path.rfind('.');
        if (dot != std::string_view::npos) {
            EXPECT_NE(find_scenario_key(row.path.substr(0, dot)), nullptr) << row.path;
        }
        if (!row.same_as.empty()) {
            EXPECT_NE(find_scenario_key(row.same_as), nullptr) << row.path;
        }
        if (row.presence != Presence::kReserved) {
            EXPECT_FALSE(value_text(row).empty()) << row.path;
        }
    }
}

}  // namespace
}  // namespace dearth::harness
