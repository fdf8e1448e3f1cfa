// An engine without a harness: a plain interpreter of one script, with the faults that
// DEARTH_SCHEDULE names. For a first look and for debuggers.
#pragma once

#include "dearth/engine.h"

namespace dearth::hooks {

// Exit status: 0 the script ended well, 1 it failed, 2 the call or DEARTH_SCHEDULE is wrong.
int run_standalone(int argc, char** argv, const dearth_engine& engine);

}  // namespace dearth::hooks
