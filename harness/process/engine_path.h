// Where the engine executables are: beside dearth itself, or in the folder named by
// DEARTH_ENGINE_PATH.
#pragma once

#include <string>
#include <string_view>

#include "harness/base/result.h"
#include "harness/model/scenario.h"

namespace dearth::harness {

// Folder of the running executable; "." when the system does not tell.
std::string own_folder();

// The executable that runs `target`: dearth-engine-lua, dearth-engine-cpython, or for c-api the
// named target program (a name without a slash stands for dearth-target-NAME). Not for exec.
Result<std::string> find_engine(const Target& target);

// "dearth-engine-lua"; for c-api and exec the program.
std::string engine_program_name(const Target& target);

}  // namespace dearth::harness
