// Laws of the scenario loader, on arbitrary text: it refuses with places that exist in the file,
// or gives scenarios that are in their ranges; the same text gives the same answer again. Reads no
// file but those that a scenario names as its scripts.
#include <cstdint>
#include <set>
#include <string>

#include "fuzz/require.h"
#include "harness/scenario/scenario_loader.h"

namespace {

using dearth::fuzz::require;
using dearth::harness::Diagnostic;
using dearth::harness::LoadReport;
using dearth::harness::Scenario;

// In a folder that does not exist, so that relative script paths lead nowhere.
constexpr const char* kPath = "no_such_folder/fuzzed.dearth.yaml";

size_t code_points(const std::string& text) {
    size_t count = 0;
    for (const char byte : text)
        count += (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u;
    return count;
}

bool is_one_line(const std::string& text) {
    return text.find_first_of(std::string_view("\n\r\0\x1B", 4)) == std::string::npos;
}

void check_diagnostic(const Diagnostic& diagnostic, size_t line_count) {
    require(diagnostic.file == kPath, "a diagnostic names its file");
    require(!diagnostic.code.empty() && !diagnostic.message.empty(), "a diagnostic says what");
    require(is_one_line(diagnostic.message) && is_one_line(diagnostic.hint) &&
                is_one_line(diagnostic.allowed) && is_one_line(diagnostic.source_line),
            "a diagnostic's texts are printable lines");
    require(diagnostic.line <= line_count, "a diagnostic's line exists");
    require(diagnostic.line == 0 || diagnostic.column >= 1, "columns count from 1");
    // One behind the end is where something is missing.
    require(diagnostic.caret + diagnostic.length <= code_points(diagnostic.source_line) + 1,
            "the carets stand below the line");
    require(!dearth::harness::format_diagnostic(diagnostic).empty(), "a diagnostic prints");
}

void check_scenario(const Scenario& scenario) {
    require(!scenario.name.empty() && is_one_line(scenario.name), "a scenario has a name");
    require(scenario.file == kPath, "a scenario knows its file");
    const auto& injection = scenario.injection;
    require(injection.first >= 1 && injection.first <= injection.last, "ordinals count from 1");
    require(injection.step >= 1, "a sweep gets on");
    require(injection.seed_first <= injection.seed_last, "seeds are a range");
    require(!injection.kinds.empty() && injection.kinds.size() <= DEARTH_SWEEP_KINDS_MAX,
            "the kinds of a sweep fit the control page");
    require(injection.is_sweep || injection.schedule.term_count <= DEARTH_TERMS_MAX,
            "a schedule fits its table");
    const auto& guard = scenario.guard;
    require(!guard.is_on || (guard.before_bytes >= 16 && guard.before_bytes <= 4096 &&
                             guard.before_bytes % 16 == 0),
            "front guard bytes are what the hooks accept");
    require(!guard.is_on || (guard.after_bytes >= 8 && guard.after_bytes <= 4096),
            "rear guard bytes are what the hooks accept");
    require(!scenario.expect.outcomes.empty(), "some outcome is acceptable");
}

void check_report(const LoadReport& report, size_t line_count) {
    require(report.files == 1, "one file was read");
    require(report.ok() == !report.scenarios.empty(), "scenarios or diagnostics, never both");
    require(report.diagnostics.size() <= dearth::harness::DiagnosticSink::kDiagnosticsMax + 1,
            "diagnostics are cut");
    for (const auto& diagnostic : report.diagnostics)
        check_diagnostic(diagnostic, line_count);
    std::set<std::string> names;
    for (const auto& scenario : report.scenarios) {
        check_scenario(scenario);
        require(names.insert(scenario.name).second, "no two scenarios share a name");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
    const std::string text(reinterpret_cast<const char*>(data), size_bytes);
    size_t line_count = 1;
    for (const char byte : text)
        line_count += byte == '\n';

    const LoadReport first = dearth::harness::read_scenario_text(kPath, text);
    check_report(first, line_count);

    const LoadReport second = dearth::harness::read_scenario_text(kPath, text);
    require(first.diagnostics == second.diagnostics, "the same text gets the same diagnostics");
    require(first.scenarios.size() == second.scenarios.size(), "and as many scenarios");
    for (size_t i = 0; i < first.scenarios.size(); ++i)
        require(scenario_fingerprint_text(first.scenarios[i]) ==
                    scenario_fingerprint_text(second.scenarios[i]),
                "and the same scenarios");
    return 0;
}
