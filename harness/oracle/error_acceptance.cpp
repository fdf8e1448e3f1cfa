// Is an error that a step reported one that the scenario accepts? The rules stand in the header.
#include "harness/oracle/error_acceptance.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/oracle/slot_text.h"

namespace dearth::harness {
namespace {

using Form = AcceptableOutcome::Form;
using Answer = ErrorAcceptance::Answer;

bool is_memory_error(Engine engine, std::string_view kind, std::string_view message) {
    switch (engine) {
        case Engine::kLua:
            return kind == "LUA_ERRMEM" ||
                   (kind == "LUA_ERRRUN" &&
                    message.find("not enough memory") != std::string_view::npos);
        case Engine::kPython:
            return kind == "MemoryError";
        case Engine::kCApi:
            return kind == "nomem";
        case Engine::kExec:
            return kind == "exit";
    }
    return false;
}

bool lists_exception(const Scenario& scenario, std::string_view kind) {
    const auto& outcomes = scenario.expect.outcomes;
    return std::any_of(outcomes.begin(), outcomes.end(), [kind](const AcceptableOutcome& outcome) {
        return outcome.form == Form::kException && outcome.name == kind;
    });
}

bool lists_error(const Scenario& scenario) {
    const auto& outcomes = scenario.expect.outcomes;
    return std::any_of(outcomes.begin(), outcomes.end(), [](const AcceptableOutcome& outcome) {
        return outcome.form == Form::kError;
    });
}

}  // namespace

std::string accepted_words(const Scenario& scenario) {
    std::string words;
    for (const AcceptableOutcome& outcome : scenario.expect.outcomes) {
        words += words.empty() ? "" : ", ";
        switch (outcome.form) {
            case Form::kOk:
                words += "ok";
                break;
            case Form::kError:
                words += "error";
                break;
            case Form::kException:
                words += outcome.name;
                break;
            case Form::kExit:
                words += fmt::format("exit:{}", outcome.code);
                break;
            case Form::kSignal:
                words += signal_words(outcome.code);
                break;
        }
    }
    return words.empty() ? "nothing" : words;
}

namespace {

// `expect.error` may speak of the text alone or of "kind: text", as people see it printed.
ErrorAcceptance judge_text(const TextMatcher& matcher, const dearth_step_result& result) {
    if (!matcher.problem().empty()) {
        return {Answer::kUnknown, matcher.problem()};
    }
    const std::string message(slot_text(result.message));
    const std::optional<bool> in_message = matcher.is_in(message);
    const std::optional<bool> in_all =
        matcher.is_in(std::string(slot_text(result.kind)) + ": " + message);
    if (!in_message || !in_all) {
        return {Answer::kUnknown, "the error's text is too long for " + matcher.text()};
    }
    if (*in_message || *in_all) {
        return {Answer::kAccepted, ""};
    }
    return {Answer::kRefused,
            fmt::format("the error is {}, expected {}", error_words(result), matcher.text())};
}

}  // namespace

ErrorAcceptance judge_error_output(const OracleInput& input) {
    if (!input.matchers.error_output) {
        return {Answer::kAccepted, ""};
    }
    const TextMatcher& matcher = *input.matchers.error_output;
    const std::optional<bool> is_there = matcher.is_in(input.record.err);
    if (!is_there) {
        return {Answer::kUnknown, matcher.problem().empty()
                                      ? "standard error is too long for " + matcher.text()
                                      : matcher.problem()};
    }
    if (*is_there) {
        return {Answer::kAccepted, ""};
    }
    return {Answer::kRefused, fmt::format("an error without {} on standard error{}", matcher.text(),
                                          error_stream_words(input.record))};
}

ErrorAcceptance judge_error(const OracleInput& input, dearth_step step) {
    const Scenario& scenario = input.scenario;
    const dearth_step_result& result = input.record.slot.steps[step];
    const std::string_view kind = slot_text(result.kind);
    const std::string_view message = slot_text(result.message);
    if (lists_exception(scenario, kind)) {
        return {Answer::kAccepted, ""};
    }
    if (scenario.target.engine == Engine::kPython && kind == "SystemError") {
        return {Answer::kRefused,
                fmt::format("a broken internal contract: {}", error_words(result))};
    }
    if (!lists_error(scenario)) {
        return {Answer::kRefused, fmt::format("ended with {}, the scenario accepts {}",
                                              error_words(result), accepted_words(scenario))};
    }
    if (input.matchers.error && (step != DEARTH_STEP_OPEN || !message.empty())) {
        return judge_text(*input.matchers.error, result);
    }
    if (!injects_failures(scenario, input.record)) {
        return {Answer::kRefused,
                fmt::format("{}, although no request was made to fail", error_words(result))};
    }
    if (step == DEARTH_STEP_OPEN || is_memory_error(scenario.target.engine, kind, message)) {
        return {Answer::kAccepted, ""};
    }
    return {Answer::kRefused,
            fmt::format("an injected memory failure was reported as {}", error_words(result))};
}

}  // namespace dearth::harness
