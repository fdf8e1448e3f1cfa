// Scenario files to scenarios; see scenario_loader.h. The steps: text, tree, then for each
// combination of the matrix a copy with its values, its shape held against the key table, and the
// scenarios decoded from it.
#include "harness/scenario/scenario_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "harness/base/text.h"
#include "harness/scenario/matrix.h"
#include "harness/scenario/scenario_decode.h"
#include "harness/scenario/scenario_files.h"
#include "harness/scenario/shape_check.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Diagnostic file_diagnostic(const std::string& path, std::string_view code, std::string message,
                           std::string hint = {}) {
    Diagnostic diagnostic;
    diagnostic.file = path;
    diagnostic.code = std::string(code);
    diagnostic.message = printable_text(message);
    diagnostic.hint = printable_text(hint);
    return diagnostic;
}

std::vector<DecodedScenario> decode_document(const YamlNode& root, DiagnosticSink& sink) {
    std::vector<DecodedScenario> all;
    const std::vector<MatrixCombination> combinations = matrix_combinations(root, sink);
    if (combinations.empty()) {
        check_shape(root, sink);  // the matrix is wrong; the rest of the file may be too
        return all;
    }
    for (const MatrixCombination& combination : combinations) {
        const YamlNode document = substituted(root, combination, sink);
        check_shape(document, sink);
        std::string suffix;
        for (const std::string& word : combination.words) {
            suffix += "." + word;
        }
        std::vector<DecodedScenario> decoded = decode_scenarios(document, suffix, sink);
        std::move(decoded.begin(), decoded.end(), std::back_inserter(all));
    }
    return all;
}

void refuse_equal_names(const std::vector<DecodedScenario>& all, DiagnosticSink& sink) {
    std::map<std::string_view, Place> seen;
    for (const DecodedScenario& one : all) {
        const auto [first, is_new] = seen.emplace(one.scenario.name, one.name_place);
        if (!is_new) {
            sink.report(one.name_place, "duplicate-name",
                        fmt::format("two scenarios of this file are named `{}`", one.scenario.name),
                        fmt::format("first in line {}", first->second.line));
        }
    }
}

// A path's headline and reason, so that a missing folder looks like a broken file.
void add_error(LoadReport& report, const std::string& path, const Error& error) {
    const bool is_nothing = error.error_class == ErrorClass::kNothing;
    report.diagnostics.push_back(file_diagnostic(path, is_nothing ? "no-scenarios" : "unreadable",
                                                 "failed to " + error.message, error.next_step));
    report.error_class = error.error_class;
}

void add_report(LoadReport& report, LoadReport&& one) {
    std::move(one.scenarios.begin(), one.scenarios.end(), std::back_inserter(report.scenarios));
    std::move(one.diagnostics.begin(), one.diagnostics.end(),
              std::back_inserter(report.diagnostics));
    ++report.files;
}

void add_path(LoadReport& report, const std::string& path, std::set<std::string>& read) {
    const Result<std::vector<std::string>> files = discover_scenarios(path);
    if (!files) {
        add_error(report, path, files.error());
        return;
    }
    for (const std::string& file : files.value()) {
        std::error_code error;
        const std::filesystem::path canonical = std::filesystem::weakly_canonical(file, error);
        if (!read.insert(error ? file : canonical.string()).second) {
            continue;
        }
        if (!is_script_path(file)) {
            add_report(report, read_scenario_file(file));
            continue;
        }
        Result<Scenario> scenario = scenario_for_script(file);
        if (!scenario) {
            add_error(report, file, scenario.error());
            continue;
        }
        LoadReport one;
        one.scenarios.push_back(scenario.take());
        add_report(report, std::move(one));
    }
}

Error error_of(const LoadReport& report, std::string_view what) {
    return Error{report.error_class,
                 fmt::format("load {}: {}\n{}", what, plural(report.diagnostics.size(), "error"),
                             format_diagnostics(report.diagnostics)),
                 report.error_class == ErrorClass::kUsage
                     ? "scenarios/README.md describes every key; `dearth check` reads the files "
                       "again"
                     : ""};
}

}  // namespace

LoadReport read_scenario_text(const std::string& path, std::string text) {
    if (text.starts_with(kByteOrderMark)) {
        text.erase(0, kByteOrderMark.size());
    }
    LoadReport report;
    report.files = 1;
    if (text.size() > kYamlBytesMax) {
        report.diagnostics.push_back(
            file_diagnostic(path, "too-large",
                            fmt::format("a scenario file has at most {}", size_text(kYamlBytesMax)),
                            "keep long scripts in a file of their own: `script: { file: path }`"));
        return report;
    }
    const SourceText source(path, std::move(text));
    DiagnosticSink sink(source);
    std::vector<DecodedScenario> all;
    if (const std::optional<YamlNode> root = parse_yaml(source, sink)) {
        all = decode_document(*root, sink);
        refuse_equal_names(all, sink);
    }
    if (!sink.is_clean()) {
        report.diagnostics = sink.take();
        return report;
    }
    for (DecodedScenario& one : all) {
        report.scenarios.push_back(std::move(one.scenario));
    }
    return report;
}

LoadReport read_scenario_file(const std::string& path) {
    Result<std::string> text = read_text_file(path, kYamlBytesMax);
    if (!text) {
        LoadReport report;
        report.files = 1;
        const bool is_large = text.error().message.starts_with("larger");
        report.diagnostics.push_back(file_diagnostic(
            path, is_large ? "too-large" : "unreadable",
            fmt::format("the scenario cannot be read: {}", text.error().message),
            is_large ? "keep long scripts in a file of their own: `script: { file: path }`" : ""));
        return report;
    }
    return read_scenario_text(path, text.take());
}

LoadReport read_scenario_paths(std::span<const std::string> paths) {
    LoadReport report;
    std::set<std::string> read;
    for (const std::string& path : paths) {
        add_path(report, path, read);
    }
    if (!report.ok()) {
        report.scenarios.clear();
    }
    const bool is_nothing_only =
        std::all_of(report.diagnostics.begin(), report.diagnostics.end(),
                    [](const Diagnostic& one) { return one.code == "no-scenarios"; });
    // Of several kinds of trouble the one in a file is the one to mend.
    report.error_class =
        is_nothing_only && !report.ok() ? ErrorClass::kNothing : ErrorClass::kUsage;
    return report;
}

Result<std::vector<Scenario>> load_scenario_file(const std::string& path) {
    LoadReport report = read_scenario_file(path);
    if (!report.ok()) {
        return error_of(report, fmt::format("`{}`", path));
    }
    return std::move(report.scenarios);
}

Result<std::vector<Scenario>> load_scenario_paths(std::span<const std::string> paths) {
    LoadReport report = read_scenario_paths(paths);
    if (!report.ok()) {
        return error_of(report, "the scenarios");
    }
    return std::move(report.scenarios);
}

Status check_scenario_paths(std::span<const std::string> paths) {
    const LoadReport report = read_scenario_paths(paths);
    if (!report.ok()) {
        return error_of(report, "the scenarios");
    }
    return Done{};
}

}  // namespace dearth::harness
