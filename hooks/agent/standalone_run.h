// A program under the preload library and no harness: faults as DEARTH_SCHEDULE says, misuse as
// DEARTH_GUARD says, everything told on standard error. Children do the same.
#pragma once

namespace dearth::hooks {

// Whether the environment asks for it.
bool is_standalone_asked();

// Starts layers and schedule. A variable that cannot be read ends the process with one clear line
// and status 125.
void start_standalone();

// After the last look at the heap: prints the summary, and ends the process here when misuse was
// found and a status for that was asked for.
void end_standalone();

}  // namespace dearth::hooks
