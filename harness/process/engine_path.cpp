#include "harness/process/engine_path.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

#include <fmt/format.h>

namespace dearth::harness {

std::string own_folder() {
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    const std::string_view text(path, length > 0 ? static_cast<size_t>(length) : 0);
    const size_t slash = text.rfind('/');
    return slash == std::string_view::npos ? "." : std::string(text.substr(0, slash));
}

std::string engine_program_name(const Target& target) {
    switch (target.engine) {
        case Engine::kLua:
            return "dearth-engine-lua";
        case Engine::kPython:
            return "dearth-engine-cpython";
        case Engine::kExec:
            return target.run.empty() ? "" : target.run.front();
        case Engine::kCApi: {
            const std::string name = target.run.empty() ? "" : target.run.front();
            return name.find('/') == std::string::npos ? "dearth-target-" + name : name;
        }
    }
    return {};
}

Result<std::string> find_engine(const Target& target) {
    const std::string name = engine_program_name(target);
    if (name.find('/') != std::string::npos) {
        if (access(name.c_str(), X_OK) == 0)
            return name;
        return Error{ErrorClass::kBaseline, fmt::format("start {}: no such program", name),
                     "build it, or correct `target.run` in the scenario"};
    }
    std::string folder = own_folder();
    if (const char* chosen = std::getenv("DEARTH_ENGINE_PATH");
        chosen != nullptr && *chosen != '\0')
        folder = chosen;
    std::string path = folder + "/" + name;
    if (access(path.c_str(), X_OK) == 0)
        return path;
    return Error{
        ErrorClass::kBaseline, fmt::format("start {}: not built (looked in {})", name, folder),
        "install the interpreter's development package and build again, or set DEARTH_ENGINE_PATH "
        "to the folder that holds it; `dearth doctor` lists the engines"};
}

}  // namespace dearth::harness
