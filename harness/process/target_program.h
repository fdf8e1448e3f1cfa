// Who is started for a target: an engine, a program made with the engine kit, or any program with
// the preload library.
#pragma once

#include <string>

#include "harness/base/result.h"
#include "harness/model/scenario.h"
#include "harness/process/program_file.h"

namespace dearth::harness {

struct TargetProgram {
    ProgramStart start;
    std::string preload;  // engine exec: path of the preload library
};

// Error class kBaseline: not there, or nothing that dearth can work in.
Result<TargetProgram> find_target_program(const Target& target);

// Beside dearth itself, or the file that DEARTH_PRELOAD_PATH names; an absolute path.
Result<std::string> find_preload_library();

}  // namespace dearth::harness
