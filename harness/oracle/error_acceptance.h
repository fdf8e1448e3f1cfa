// Is an error that a step reported one that the scenario accepts, and if not, why not?
//
// The rule for a plain `error`, by engine: Lua: kind LUA_ERRMEM, or LUA_ERRRUN with "not enough
// memory" in its text (a script may raise it again); Python: MemoryError; C programs: "nomem".
// `expect.error` replaces that rule by a text; `{exception: X}` adds exactly the kind X. While
// opening, an interpreter has no error values yet: any error is one. CPython's SystemError is
// never a plain `error`: it says that a function returned one without setting it, or set one and
// returned success.
#pragma once

#include <optional>
#include <string>

#include "harness/oracle/oracle.h"

namespace dearth::harness {

struct ErrorAcceptance {
    enum class Answer : uint8_t { kAccepted, kRefused, kUnknown };
    Answer answer = Answer::kUnknown;
    std::string reason;  // refused, unknown: one line
};

// "ok, error, exit:3": what the scenario accepts, for messages.
std::string accepted_words(const Scenario& scenario);

ErrorAcceptance judge_error(const OracleInput& input, dearth_step step);

// `expect.stderr` of a trial that ended with an error; accepted when the scenario has none.
ErrorAcceptance judge_error_output(const OracleInput& input);

}  // namespace dearth::harness
