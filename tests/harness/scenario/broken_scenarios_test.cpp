// What people read after a mistake, as approved text.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/base/text.h"
#include "harness/scenario/scenario_loader.h"
#include "tests/harness/scenario/broken_scenarios.h"
#include "tests/support/approve.h"

namespace dearth::harness {
namespace {

std::string_view trim_end(std::string_view text) {
    return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

// The input as a reader of the approved file needs it: printable, and not a page of it.
std::string shown(const std::string& yaml) {
    std::string text;
    size_t lines = 0;
    for (const std::string_view line : split(trim_end(yaml), '\n')) {
        if (++lines > 12) {
            return text + "    ...\n";
        }
        text += "    " + printable_text(shortened(line, 90)) + "\n";
    }
    return text;
}

class BrokenScenarios : public testing::TestWithParam<BrokenTheme> {};

TEST_P(BrokenScenarios, AreExplained) {
    std::string text;
    for (const BrokenScenario& broken : GetParam().scenarios) {
        const LoadReport report = read_scenario_text("scenes/broken.dearth.yaml", broken.yaml);
        EXPECT_FALSE(report.ok()) << broken.title;
        EXPECT_TRUE(report.scenarios.empty()) << broken.title;
        EXPECT_EQ(report.error_class, ErrorClass::kUsage) << broken.title;
        text += fmt::format("## {}\n\n{}\n{}\n\n\n", broken.title, shown(broken.yaml),
                            format_diagnostics(report.diagnostics));
    }
    EXPECT_TRUE(
        is_approved(fmt::format("{}/{}.txt", DEARTH_APPROVED_FOLDER, GetParam().name), text));
}

INSTANTIATE_TEST_SUITE_P(All, BrokenScenarios, testing::ValuesIn(broken_themes()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace dearth::harness
