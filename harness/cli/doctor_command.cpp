// What works on this machine, tried out rather than guessed from versions.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/base/unique_fd.h"
#include "harness/cli/commands.h"
#include "harness/cli/version.h"
#include "harness/process/engine_path.h"
#include "harness/process/target_program.h"

namespace dearth::harness {
namespace {

struct Examination {
    std::string subject;
    bool is_ok = false;
    bool is_needed = false;  // dearth cannot work without it
    std::string detail;
};

Examination examine_engine(Engine engine, std::string_view name, std::string_view package) {
    Target target;
    target.engine = engine;
    const auto path = find_engine(target);
    return {fmt::format("engine {}", name), path.ok(), false,
            path.ok() ? path.value()
                      : fmt::format("not built; apt-get install {}, then build again", package)};
}

Examination examine_preload() {
    const auto path = find_preload_library();
    return {"preload library", path.ok(), false,
            path.ok() ? path.value() + " (dearth run -- PROGRAM)" : path.error().message};
}

Examination examine_process_descriptors() {
    const UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    return {
        "process descriptors", fd.is_open(), true,
        fd.is_open() ? "pidfd_open works" : fmt::format("pidfd_open: {}", std::strerror(errno))};
}

Examination examine_layout_pin() {
    const int now = personality(0xFFFFFFFFul);
    const bool is_ok =
        now != -1 && personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) != -1;
    if (is_ok)
        personality(static_cast<unsigned long>(now));
    return {"fixed address layout", is_ok, false,
            is_ok ? "personality(ADDR_NO_RANDOMIZE) works: runs repeat exactly"
                  : "refused (a container's filter?): targets that hash addresses may not repeat; "
                    "their points are then addressed by call site"};
}

Examination examine_unwinder() {
    void* library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr)
        dlclose(library);
    return {"fast call stacks", library != nullptr, false,
            library != nullptr
                ? "libunwind.so.8"
                : "libc's backtrace is used, 20 times slower; apt-get install libunwind8"};
}

Examination examine_debugger() {
    const bool is_ok = access("/usr/bin/gdb", X_OK) == 0;
    return {"replay --gdb", is_ok, false, is_ok ? "/usr/bin/gdb" : "apt-get install gdb"};
}

Examination examine_symbols() {
    const bool is_ok = access("/usr/lib/debug/.build-id", R_OK) == 0;
    return {"separate debug symbols", is_ok, false,
            is_ok ? "/usr/lib/debug/.build-id"
                  : "none: stacks show exported names only; apt-get install liblua5.4-0-dbg "
                    "python3.11-dbg"};
}

Examination examine_kernel() {
    utsname names = {};
    uname(&names);
    return {"kernel", true, false, fmt::format("{} {}", names.sysname, names.release)};
}

std::string json_of(const std::vector<Examination>& examinations) {
    std::string text = fmt::format("{{\"version\":\"{}\",\"checks\":[", version_number());
    for (size_t i = 0; i < examinations.size(); ++i) {
        const Examination& e = examinations[i];
        text += fmt::format("{}{{\"subject\":\"{}\",\"ok\":{},\"needed\":{},\"detail\":\"{}\"}}",
                            i == 0 ? "" : ",", json_escaped(e.subject), e.is_ok, e.is_needed,
                            json_escaped(e.detail));
    }
    return text + "]}\n";
}

}  // namespace

ExitCode doctor_command(const DoctorArguments& arguments) {
    const std::vector<Examination> examinations = {
        examine_kernel(),
        examine_process_descriptors(),
        examine_layout_pin(),
        examine_unwinder(),
        examine_engine(Engine::kLua, "lua", "liblua5.4-dev"),
        examine_engine(Engine::kPython, "python", "libpython3.11-dev"),
        examine_preload(),
        examine_symbols(),
        examine_debugger(),
    };
    bool is_fit = true;
    std::string text = version_text();
    for (const Examination& e : examinations) {
        is_fit &= e.is_ok || !e.is_needed;
        text += fmt::format("  {:<4} {:<24} {}\n",
                            e.is_ok       ? "ok"
                            : e.is_needed ? "FAIL"
                                          : "no",
                            e.subject, e.detail);
    }
    print_out(arguments.is_json ? json_of(examinations) : text);
    return is_fit ? ExitCode::kPassed : ExitCode::kInternal;
}

}  // namespace dearth::harness
