// The part of dearth that runs a target: attaches the control page, arms what it asks for, and
// writes down how it went. The engine kit calls it, and program_run.h for whole programs.
#pragma once

#include <stdint.h>

#include "dearth/control_page.h"
#include "dearth/engine_outcome.h"
#include "hooks/agent/trial.h"

namespace dearth::hooks {

// Maps the page named by DEARTH_CONTROL_FD. NULL when the variable is not set; a page that cannot
// be used ends the process with one clear line.
dearth_control_header* attach_control_page();

// Which process this is, after fork strategy may have split it.
enum class AgentRole : uint8_t { kBaseline, kTrial, kForward };
AgentRole agent_role();

struct AgentStart {
    uintptr_t stack_low;
    uintptr_t stack_high;
    ScriptStackSource script;
    const char* engine_version;
};

// Limits, signal handlers, layers, schedule and observer, as the page says; injection is live from
// here on, and so is the deadline. Returns false after writing the reason to the page.
bool start_agent(dearth_control_header& page, const AgentStart& start);

// The target may map this much more from now on (limits.memory). After the layers are in place:
// their tables reserve address space that they never touch.
void limit_memory();

// After close: what is left behind. A whole program says where it stood when it ended, from where
// lost blocks are told from reachable ones, if the page asks for that.
void check_leftovers(const ScanStart* start = nullptr);

// The target cannot go on before its first step: says why in the page.
void refuse_run(const char* reason);

// The trial's last word, on the page; the forward run waits for its children before.
void close_trial();
// It was not the last after all.
void reopen_trial();

// Ends the process: a child of the explorer leaves here; the forward run waits for its children.
[[noreturn]] void finish_agent();

}  // namespace dearth::hooks
