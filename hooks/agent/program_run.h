// A whole program as one trial, for the preload library. Its steps: OPEN, the constructors of the
// executable; RUN, main; CLOSE, from main's return or the call of exit on. The program ends by
// itself, with its own status; what it leaves is looked at in the last exit handler of all.
//
// Children that the target makes are not the trial: after its fork all of this is switched off, and
// programs that it executes find neither the library nor the page in their environment.
#pragma once

#include "dearth/control_page.h"

namespace dearth::hooks {

// What the environment asks for.
enum class ProgramMode : unsigned {
    kPassing,     // nothing
    kWatched,     // DEARTH_CONTROL_FD: the page says
    kStandalone,  // DEARTH_SCHEDULE or DEARTH_GUARD: see standalone_run.h
};

// Starts agent, layers and schedule as the environment asks; with the first thread, before main. A
// page or a schedule that cannot be used ends the process with one clear line and status 125.
// `library` is this library's file; `shadowed_by` the module whose malloc is found before ours,
// NULL for none. Requests are to reach the layers after this, unless nothing is asked for.
ProgramMode start_program(const char* library, const char* shadowed_by);

// The layers are in place: OPEN begins.
void open_program();
// They cannot be put in place: says so where it is asked, and ends the process.
[[noreturn]] void refuse_program(const char* reason);

// main is entered: RUN begins. It has returned, or somebody called exit: CLOSE begins.
void enter_main();
void leave_main();

// The last word: the program ends with `status`. Only the first call counts, and only in the
// process that the trial is.
void end_program(int status);

// The program is about to become another one, in this process; that one is not watched. resume:
// it could not.
void end_program_by_exec(const char* path);
void resume_program();

}  // namespace dearth::hooks
