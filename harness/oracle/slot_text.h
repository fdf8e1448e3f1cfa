// Words for what stands in a trial's slot: bounded reads of its texts, steps, signals, quotes.
// Nothing here trusts the slot: a text without terminator ends at its array's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dearth/control_page.h"
#include "harness/model/trial.h"

namespace dearth::harness {

template <size_t kBytes>
std::string_view slot_text(const char (&text)[kBytes]) {
    const std::string_view all(text, kBytes);
    return all.substr(0, all.find('\0'));
}

// In double quotes, on one line and printable; what goes beyond `kept_bytes` becomes "...".
std::string quoted(std::string_view text, size_t kept_bytes = 120);

// `MemoryError: "..."`, `LUA_ERRMEM`; "an unnamed error" when both are empty.
std::string error_words(const dearth_step_result& step);

// What was going on: "while opening the interpreter", "while running the script again ...".
std::string_view step_words(dearth_step step);

// The step that was entered and never left; the phase decides when the slot names none.
dearth_step step_at_end(const dearth_trial_slot& slot);
// Death in a check step is not covered by the outcomes a scenario accepts of the trial itself.
bool is_check_step(dearth_step step);

// An access that died on a closed page; what guard bytes show was found later, by its traces.
bool was_stopped_by_page(const dearth_misuse& misuse);

// "SIGSEGV"; "signal 77" for one without a name.
std::string signal_words(int signal);

// The first line with text that the trial itself wrote on standard error, quoted after
// "; standard error: "; empty when there is none.
std::string error_stream_words(const TrialRecord& record);

// True when at least one injected fault is a failed request (not a moved or corrupted block).
bool injects_failures(const Scenario& scenario, const TrialRecord& record);

}  // namespace dearth::harness
