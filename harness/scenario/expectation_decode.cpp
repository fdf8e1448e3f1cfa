// `expect` to Expectation; see expectation_decode.h.
#include "harness/scenario/expectation_decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>

#include "harness/base/text.h"
#include "harness/scenario/scenario_values.h"

namespace dearth::harness {
namespace {

// A long expression takes the standard library's compiler and matcher deep into recursion.
constexpr size_t kRegexBytesMax = 512;

struct Invariant {
    std::string_view word;
    bool Expectation::*claim;
};
constexpr std::array<Invariant, 6> kInvariants = {{
    {"no-leak", &Expectation::needs_no_leak},
    {"no-corruption", &Expectation::needs_no_corruption},
    {"same-output", &Expectation::needs_same_output},
    {"failure-reported", &Expectation::needs_report},
    {"reusable", &Expectation::needs_reusable},
    {"restartable", &Expectation::needs_restartable},
}};

void check_regex(const YamlNode& regex, DiagnosticSink& sink) {
    if (regex.text.size() > kRegexBytesMax) {
        sink.report(regex.place, "bad-regex",
                    fmt::format("a regular expression has at most {} bytes", kRegexBytesMax));
        return;
    }
    try {
        const std::regex compiled(regex.text, std::regex::ECMAScript);
    } catch (const std::regex_error& error) {
        sink.report(regex.place, "bad-regex",
                    fmt::format("not a regular expression: {}", error.what()),
                    regex.text.find('\\') == std::string::npos
                        ? ""
                        : "single quotes keep backslashes as they are");
    }
}

void decode_pattern(const YamlNode& expect, std::string_view key,
                    std::optional<TextPattern>& pattern, DiagnosticSink& sink) {
    const YamlNode* node = expect.find(key);
    if (node == nullptr) {
        return;
    }
    if (node->is_scalar()) {
        pattern = TextPattern{node->text, false};
    } else if (const YamlNode* regex = node->scalar("matches")) {
        check_regex(*regex, sink);
        pattern = TextPattern{regex->text, true};
    }
}

std::vector<AcceptableOutcome> outcomes_of(const YamlNode& node) {
    std::vector<AcceptableOutcome> outcomes;
    const auto add = [&](const YamlNode& one) {
        if (one.is_scalar()) {
            if (const auto outcome = outcome_from_text(one.text)) {
                outcomes.push_back(*outcome);
            }
        } else if (const YamlNode* exception = one.scalar("exception")) {
            outcomes.push_back({AcceptableOutcome::Form::kException, exception->text, 0});
        }
    };
    if (node.is_list()) {
        std::for_each(node.items.begin(), node.items.end(), add);
    } else {
        add(node);
    }
    return outcomes;
}

}  // namespace

Expectation decode_expectation(const YamlNode& expect, const Expectation& base,
                               DiagnosticSink& sink) {
    Expectation result = base;
    if (const YamlNode* outcome = expect.find("outcome")) {
        result.outcomes = outcomes_of(*outcome);
        if (outcome->is_list() && outcome->items.empty()) {
            sink.report(outcome->place, "bad-value", "`outcome` names none, so nothing could pass");
        }
    }
    decode_pattern(expect, "error", result.error, sink);
    decode_pattern(expect, "stdout", result.output, sink);
    decode_pattern(expect, "stderr", result.error_output, sink);
    if (const YamlNode* baseline = expect.find("baseline")) {
        if (const YamlNode* output = baseline->scalar("stdout")) {
            result.baseline_output = output->text;
        }
        if (const YamlNode* exit = baseline->scalar("exit")) {
            result.baseline_exit = static_cast<int>(whole_number_from_text(exit->text).value_or(0));
        }
    }
    if (expect.find("invariants") != nullptr) {
        for (const Invariant& invariant : kInvariants) {
            result.*invariant.claim = false;
            for (const YamlNode* word : expect.scalars("invariants")) {
                result.*invariant.claim |= word->text == invariant.word;
            }
        }
    }
    return result;
}

}  // namespace dearth::harness
