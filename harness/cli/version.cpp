#include "harness/cli/version.h"

#include <vector>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/process/engine_path.h"
#include "harness/process/target_program.h"

namespace dearth::harness {

std::string version_number() {
    return DEARTH_VERSION;
}

std::string version_text() {
    std::vector<std::string> engines;
    for (const Engine engine : {Engine::kLua, Engine::kPython}) {
        Target target;
        target.engine = engine;
        if (find_engine(target).ok())
            engines.push_back(engine == Engine::kLua ? "lua" : "python");
    }
    engines.emplace_back("c-api");
    if (find_preload_library().ok())
        engines.emplace_back("exec");
#ifdef __clang__
    const std::string compiler =
        fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    const std::string compiler =
        fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
    return fmt::format("dearth {} ({}; engines: {})\n", version_number(), compiler,
                       join(std::span<const std::string>(engines), ", "));
}

}  // namespace dearth::harness
