// `dearth explain`: what a rule means and what to look at.
#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/model/verdict.h"

namespace dearth::harness {
namespace {

std::string row_text(const VerdictRow& row) {
    std::string text = fmt::format("{} {}\n  {}\n", row.rule, row.name, row.summary);
    text += fmt::format("  what to look at: {}\n", row.advice);
    if (!row.cwe.empty())
        text += fmt::format("  weakness: CWE-{}\n", row.cwe);
    text += fmt::format("  by default it {}\n", row.fails_gate ? "fails the gate" : "warns");
    return text;
}

}  // namespace

ExitCode explain_command(const ExplainArguments& arguments, const Terminal&) {
    if (!arguments.rule.empty()) {
        const auto verdict = verdict_from_rule(arguments.rule);
        if (verdict && is_finding(*verdict)) {
            print_out(row_text(verdict_row(*verdict)));
            return ExitCode::kPassed;
        }
        std::vector<std::string_view> words;
        for (const VerdictRow& row : verdict_rows()) {
            if (!row.rule.empty()) {
                words.push_back(row.rule);
                words.push_back(row.name);
            }
        }
        std::string message = fmt::format("explain `{}`: no such rule", arguments.rule);
        if (const auto nearest = nearest_word(arguments.rule, words))
            message += fmt::format("; did you mean `{}`?", *nearest);
        return report_error({ErrorClass::kUsage, message, "dearth explain lists all rules"});
    }
    for (const VerdictRow& row : verdict_rows()) {
        if (!row.rule.empty())
            print_out(row_text(row) + "\n");
    }
    return ExitCode::kPassed;
}

}  // namespace dearth::harness
