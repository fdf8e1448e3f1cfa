// The JSON Schema against documents, by a small validator of our own (the keywords our schema
// uses, and an error for any other), and by Python's jsonschema where that is installed.
#include "harness/scenario/scenario_schema.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>

#include "harness/base/text.h"
#include "harness/scenario/scenario_files.h"
#include "harness/scenario/scenario_keys.h"
#include "harness/scenario/scenario_loader.h"
#include "harness/scenario/scenario_reference.h"
#include "harness/scenario/yaml_document.h"
#include "tests/harness/scenario/example_scenarios.h"
#include "tests/support/approve.h"

namespace dearth::harness {
namespace {

using nlohmann::json;

class Validator {
public:
    explicit Validator(json schema) : schema_(std::move(schema)) {}
    bool accepts(const json& value) const { return holds(schema_, value); }

private:
    bool holds(const json& schema, const json& value) const {
        for (const auto& [keyword, operand] : schema.items()) {
            if (!keyword_holds(keyword, operand, schema, value)) {
                return false;
            }
        }
        return true;
    }

    bool keyword_holds(const std::string& keyword, const json& operand, const json& schema,
                       const json& value) const {
        if (keyword == "$schema" || keyword == "title" || keyword == "definitions" ||
            keyword == "description" || keyword == "properties") {
            return keyword != "properties" || properties_hold(operand, value);
        }
        if (keyword == "additionalProperties") {
            return additional_holds(operand, schema, value);
        }
        if (keyword == "type") {
            return operand.is_array()
                       ? std::any_of(operand.begin(), operand.end(),
                                     [&](const json& one) { return is_type(one, value); })
                       : is_type(operand, value);
        }
        if (keyword == "required") {
            return std::all_of(operand.begin(), operand.end(), [&](const json& key) {
                return !value.is_object() || value.contains(key.get<std::string>());
            });
        }
        if (keyword == "anyOf" || keyword == "allOf" || keyword == "oneOf") {
            const auto count = std::count_if(operand.begin(), operand.end(),
                                             [&](const json& one) { return holds(one, value); });
            return keyword == "anyOf"   ? count > 0
                   : keyword == "oneOf" ? count == 1
                                        : count == static_cast<long>(operand.size());
        }
        if (keyword == "items") {
            return !value.is_array() ||
                   std::all_of(value.begin(), value.end(),
                               [&](const json& item) { return holds(operand, item); });
        }
        if (keyword == "enum") {
            return std::find(operand.begin(), operand.end(), value) != operand.end();
        }
        if (keyword == "pattern") {
            return !value.is_string() || std::regex_search(value.get<std::string>(),
                                                           std::regex(operand.get<std::string>()));
        }
        return bound_holds(keyword, operand, value);
    }

    bool bound_holds(const std::string& keyword, const json& operand, const json& value) const {
        if (keyword == "$ref") {
            const std::string path = operand.get<std::string>();
            const std::string prefix = "#/definitions/";
            EXPECT_TRUE(path.starts_with(prefix));
            EXPECT_TRUE(schema_["definitions"].contains(path.substr(prefix.size()))) << path;
            return holds(schema_["definitions"][path.substr(prefix.size())], value);
        }
        if (keyword == "minLength" || keyword == "maxLength") {
            const size_t length = value.is_string() ? value.get<std::string>().size() : 0;
            return !value.is_string() || (keyword == "minLength" ? length >= operand.get<size_t>()
                                                                 : length <= operand.get<size_t>());
        }
        if (!value.is_number()) {
            return true;
        }
        if (keyword == "minimum") {
            return value >= operand;
        }
        if (keyword == "maximum") {
            return value <= operand;
        }
        if (keyword == "exclusiveMinimum") {
            return value > operand;
        }
        ADD_FAILURE() << "the validator does not know " << keyword;
        return false;
    }

    bool properties_hold(const json& properties, const json& value) const {
        for (const auto& [key, schema] : properties.items()) {
            if (value.is_object() && value.contains(key) && !holds(schema, value[key])) {
                return false;
            }
        }
        return true;
    }

    bool additional_holds(const json& additional, const json& schema, const json& value) const {
        if (!value.is_object()) {
            return true;
        }
        for (const auto& [key, member] : value.items()) {
            const bool is_named =
                schema.contains("properties") && schema["properties"].contains(key);
            if (!is_named && (additional == false || !holds(additional, member))) {
                return false;
            }
        }
        return true;
    }

    static bool is_type(const json& type, const json& value) {
        return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
               (type == "string" && value.is_string()) ||
               (type == "boolean" && value.is_boolean()) ||
               (type == "integer" && value.is_number_integer()) ||
               (type == "number" && value.is_number());
    }

    json schema_;
};

// A scalar as a YAML 1.1 reader types it, which is what most editors hold against a schema.
json typed_scalar(const YamlNode& node) {
    const std::string& text = node.text;
    if (node.style != YamlNode::Style::kPlain) {
        return text;
    }
    if (text == "yes" || text == "on" || text == "true") {
        return true;
    }
    if (text == "no" || text == "off" || text == "false") {
        return false;
    }
    if (text.starts_with("0x")) {
        return std::stoull(text.substr(2), nullptr, 16);
    }
    if (const auto number = whole_number_from_text(text)) {
        return *number;
    }
    static const std::regex kFloat("[0-9]+\\.[0-9]*");
    return std::regex_match(text, kFloat) ? json(std::stod(text)) : json(text);
}

json to_json(const YamlNode& node) {
    json value;
    if (node.is_scalar()) {
        return typed_scalar(node);
    }
    if (node.is_list()) {
        value = json::array();
        for (const YamlNode& item : node.items) {
            value.push_back(to_json(item));
        }
    } else if (node.is_map()) {
        value = json::object();
        for (const YamlEntry& entry : node.entries) {
            value[entry.key] = to_json(entry.value);
        }
    }
    return value;
}

json document_of(const std::string& yaml) {
    const SourceText source("x", yaml);
    DiagnosticSink sink(source);
    const auto root = parse_yaml(source, sink);
    EXPECT_TRUE(root) << yaml;
    return root ? to_json(*root) : json();
}

std::vector<std::string> right_scenarios() {
    std::vector<std::string> all = complete_scenarios();
    for (const std::string& one : readme_scenarios()) {
        all.push_back(one);
    }
    // Every shipped scenario, once there are some.
    if (const auto shipped = discover_scenarios(DEARTH_SCENARIOS_FOLDER); shipped.ok()) {
        for (const std::string& path : shipped.value()) {
            std::ifstream in(path);
            all.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        }
    }
    return all;
}

const Validator& validator() {
    static const Validator kValidator(json::parse(scenario_schema_text()));
    return kValidator;
}

TEST(ScenarioSchema, IsDraft7AndTheSameEachTime) {
    const json schema = json::parse(scenario_schema_text());
    EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    EXPECT_EQ(scenario_schema_text(), scenario_schema_text());
    EXPECT_TRUE(scenario_schema_text().ends_with("}\n"));
}

TEST(ScenarioSchema, AcceptsEveryRightScenario) {
    for (const std::string& yaml : right_scenarios()) {
        EXPECT_TRUE(validator().accepts(document_of(yaml))) << yaml;
    }
}

// Every mapping of a right document, one after the other, gets a key that is not its own.
void add_unknown_keys(const json& root, json::json_pointer at, const ScenarioKey* row,
                      std::vector<json>& broken) {
    const json& value = root[at];
    if (value.is_array()) {
        for (size_t index = 0; index < value.size(); ++index) {
            add_unknown_keys(root, at / index, row, broken);
        }
    }
    if (!value.is_object()) {
        return;
    }
    const auto below = keys_below(row);
    const bool takes_any_key = !below.empty() && key_name(*below.front()) == "*";
    if (!takes_any_key) {
        json copy = root;
        copy[at]["zzz"] = 1;
        broken.push_back(std::move(copy));
    }
    for (const auto& [key, member] : value.items()) {
        for (const ScenarioKey* child : below) {
            if (key_name(*child) == key || key_name(*child) == "*") {
                add_unknown_keys(root, at / key, child, broken);
            }
        }
    }
}

TEST(ScenarioSchema, RejectsAnUnknownKeyInEveryMapping) {
    size_t tried = 0;
    for (const std::string& yaml : right_scenarios()) {
        std::vector<json> broken;
        add_unknown_keys(document_of(yaml), json::json_pointer(), nullptr, broken);
        for (const json& one : broken) {
            EXPECT_FALSE(validator().accepts(one)) << one.dump();
        }
        tried += broken.size();
    }
    EXPECT_GT(tried, 30u);
}

TEST(ScenarioSchema, RejectsWrongValues) {
    const std::string head = "version: 1\ntarget: { engine: lua, script: x }\n";
    EXPECT_TRUE(validator().accepts(document_of(head)));
    for (const std::string wrong :
         {"inject: { schedule: { nth: 1.., every: 7 } }", "inject: { schedule: { step: 2 } }",
          "limits: { timeout: 5 }", "limits: { memory: 5MB }", "tags: { a: 1 }", "guard: on",
          "inject: { kind: twice }", "known: [{ id: \"01234567\" }]", "name: [a]",
          "expect: { outcome: [fine] }", "cases: [{ name: a }]", "gate: { fail-on: handled }",
          "inject: { schedule: { nth: 0 } }", "matrix: { k: v }", "known: {}"}) {
        EXPECT_FALSE(validator().accepts(document_of(head + wrong + "\n"))) << wrong;
    }
    EXPECT_FALSE(validator().accepts(document_of("version: 2\ntarget: { engine: lua }\n")));
    EXPECT_FALSE(validator().accepts(document_of("version: 1\n")));
}

// Exit status of a program found on the path; -1: it could not be started or was killed.
int exit_status_of(std::vector<std::string> arguments) {
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    pid_t child = 0;
    if (::posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ) != 0) {
        return -1;
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ScenarioSchema, PythonsValidatorAgrees) {
    constexpr int kModulesMissing = 77;
    const int found = exit_status_of({"python3", DEARTH_SCHEMA_CHECKER});
    if (found == -1 || found == 127 || found == kModulesMissing) {
        GTEST_SKIP() << "python3 has no jsonschema or yaml here; the tests above checked";
    }
    namespace fs = std::filesystem;
    std::string pattern = (fs::temp_directory_path() / "dearth-schema-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    const fs::path folder = pattern;
    std::ofstream(folder / "schema.json") << scenario_schema_text();
    size_t count = 0;
    for (const std::string& yaml : right_scenarios()) {
        std::ofstream(folder / ("right-" + std::to_string(count++) + ".yaml")) << yaml;
    }
    std::ofstream(folder / "wrong-0.yaml") << "version: 1\ntarget: { engine: lua, zzz: 1 }\n";
    EXPECT_EQ(exit_status_of({"python3", DEARTH_SCHEMA_CHECKER, folder.string()}), 0);
    fs::remove_all(folder);
}

TEST(ScenarioReference, IsWhatTheReadmeSays) {
    EXPECT_TRUE(
        is_approved_part(readme_path(), kReferenceBegin, kReferenceEnd, key_reference_text()));
}

// What ships must load: the README's examples and every scenario of the tree.
TEST(ShippedScenarios, Load) {
    const std::vector<std::string> paths = {DEARTH_SCENARIOS_FOLDER};
    const LoadReport report = read_scenario_paths(paths);
    const bool is_right = report.ok() || report.error_class == ErrorClass::kNothing;
    EXPECT_TRUE(is_right) << format_diagnostics(report.diagnostics);
}

}  // namespace
}  // namespace dearth::harness
