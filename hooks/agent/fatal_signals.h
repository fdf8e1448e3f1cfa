// Catches what kills a trial just long enough to write down where it happened: signal, address,
// phase and call stack go into the current slot, then the signal takes its course. Also ends a
// trial at its deadline, from inside, so that a hang has a stack.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

// Installs the handlers and an alternate stack for the calling thread. [stack_low, stack_high) is
// the stack the target runs on: a fault just below it is a stack overflow. Call once.
void catch_fatal_signals(uintptr_t stack_low, uintptr_t stack_high);

// Without a slot, what is caught is told on standard error. A process that dies of a misuse then
// ends with this status; 0: by its signal, as any other.
void set_status_of_fatal_misuse(int status);

// Starts, or restarts, this process's deadline; 0 stops it. Real time: a sleeping target hangs too.
// A process that was split off has no deadline until it starts its own.
void start_deadline(uint64_t deadline_ms);

// Exit statuses of a process that the agent ends itself. The slot says the same in words.
enum AgentExit { kExitDeadline = 124, kExitLivelock = 123 };

}  // namespace dearth::hooks
