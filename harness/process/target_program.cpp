#include "harness/process/target_program.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "harness/process/engine_path.h"

namespace dearth::harness {

Result<std::string> find_preload_library() {
    const char* chosen = std::getenv("DEARTH_PRELOAD_PATH");
    const bool is_chosen = chosen != nullptr && *chosen != '\0';
    const std::string name = is_chosen ? chosen : own_folder() + "/libdearth-preload.so";
    std::error_code error;
    std::string path = std::filesystem::absolute(name, error).string();
    if (error || access(path.c_str(), R_OK) != 0)
        return Error{ErrorClass::kBaseline,
                     fmt::format("preload {}: not there", error ? name : path),
                     is_chosen ? "correct DEARTH_PRELOAD_PATH"
                               : "build it (target dearth-preload), or set DEARTH_PRELOAD_PATH"};
    // LD_PRELOAD has no way to quote its separators.
    if (path.find_first_of(": \t\n") != std::string::npos)
        return Error{
            ErrorClass::kBaseline,
            fmt::format("preload {}: the loader takes blanks and colons for separators", path),
            "copy the library to a path without them and set DEARTH_PRELOAD_PATH"};
    return path;
}

Result<TargetProgram> find_target_program(const Target& target) {
    TargetProgram program;
    if (target.engine != Engine::kExec) {
        auto path = find_engine(target);
        if (!path)
            return path.error();
        program.start.path = path.take();
        program.start.arguments = {program.start.path};
        if (target.run.size() > 1)
            program.start.arguments.insert(program.start.arguments.end(), target.run.begin() + 1,
                                           target.run.end());
        return program;
    }
    auto start = find_program(target);
    if (!start)
        return start.error();
    program.start = start.take();
    auto preload = find_preload_library();
    if (!preload)
        return preload.error();
    program.preload = preload.take();
    return program;
}

}  // namespace dearth::harness
