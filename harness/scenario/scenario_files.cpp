// Scenario files and scripts on disk; see scenario_files.h.
#include "harness/scenario/scenario_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "harness/base/text.h"
#include "harness/base/unique_fd.h"
#include "harness/scenario/injection_decode.h"
#include "harness/scenario/scenario_decode.h"

namespace dearth::harness {
namespace {

namespace fs = std::filesystem;

Error usage_error(std::string message, std::string next_step = {}) {
    return Error{ErrorClass::kUsage, std::move(message), std::move(next_step)};
}

Error reason_of(int error_number) {
    return usage_error(std::strerror(error_number));
}

Result<std::vector<std::string>> scenarios_in_folder(const std::string& path) {
    std::vector<std::string> found;
    std::error_code error;
    // Links to folders are not followed, so a loop of them cannot hold us.
    fs::recursive_directory_iterator walk(path, error);
    while (!error && walk != fs::recursive_directory_iterator()) {
        const fs::path& entry = walk->path();
        std::error_code is_not_there;
        if (is_scenario_path(entry.string()) && !walk->is_directory(is_not_there)) {
            found.push_back(entry.lexically_normal().string());
        }
        walk.increment(error);
    }
    if (error) {
        return usage_error(fmt::format("read the folder `{}`: {}", path, error.message()));
    }
    if (found.empty()) {
        return Error{ErrorClass::kNothing,
                     fmt::format("find a scenario in `{}`: no file there ends in `{}`", path,
                                 kScenarioSuffix),
                     "scenarios/README.md shows how to write one"};
    }
    std::sort(found.begin(), found.end());
    return found;
}

// A file name as a scenario's name: capitals made small, the rest that is not allowed made `-`.
std::string legal_name(std::string_view stem) {
    std::string name;
    for (const char letter : stem.substr(0, 64)) {
        const bool is_upper = letter >= 'A' && letter <= 'Z';
        const char small = is_upper ? static_cast<char>(letter - 'A' + 'a') : letter;
        const bool is_legal = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') ||
                              small == '.' || small == '_' || small == '-';
        name += is_legal ? small : '-';
    }
    return name.empty() ? "script" : name;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, size_t max_bytes) {
    // Non-blocking: opening a FIFO must not wait for a writer.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status = {};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
        return reason_of(errno);
    }
    if (S_ISDIR(status.st_mode)) {
        return reason_of(EISDIR);
    }
    if (!S_ISREG(status.st_mode)) {
        return usage_error("not a regular file");
    }
    std::string text;
    std::string piece(size_t{64} << 10, '\0');
    for (;;) {
        const ssize_t got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return reason_of(errno);
        }
        if (got == 0) {
            return text;
        }
        text.append(piece, 0, static_cast<size_t>(got));
        if (text.size() > max_bytes) {
            return usage_error(fmt::format("larger than {}", size_text(max_bytes)));
        }
    }
}

bool is_scenario_path(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name.size() > kScenarioSuffix.size() && name.ends_with(kScenarioSuffix);
}

bool is_script_path(std::string_view path) {
    return path.ends_with(".lua") || path.ends_with(".py");
}

std::string scenario_stem(std::string_view path) {
    std::string_view name = path.substr(path.rfind('/') + 1);
    for (const std::string_view suffix :
         {kScenarioSuffix, std::string_view(".yaml"), std::string_view(".yml"),
          std::string_view(".lua"), std::string_view(".py")}) {
        if (name.ends_with(suffix)) {
            name.remove_suffix(suffix.size());
            break;
        }
    }
    return std::string(name);
}

Result<std::vector<std::string>> discover_scenarios(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
        const std::string reason = error ? error.message() : std::string(std::strerror(ENOENT));
        return usage_error(fmt::format("open `{}`: {}", path, reason));
    }
    if (fs::is_directory(status)) {
        return scenarios_in_folder(path);
    }
    if (!is_scenario_path(path) && !is_script_path(path)) {
        return usage_error(fmt::format("take `{}` for a scenario: its name does not end in `{}`",
                                       path, kScenarioSuffix),
                           fmt::format("rename it; scripts end in .lua or .py; for a program write "
                                       "`dearth run -- {}`",
                                       path));
    }
    return std::vector<std::string>{path};
}

Result<Scenario> scenario_for_script(const std::string& path, std::optional<Engine> engine) {
    if (!engine && !is_script_path(path)) {
        return usage_error(fmt::format("choose an engine for `{}`: the suffix is not known", path),
                           "scripts end in .lua or .py, or name the engine with --engine");
    }
    Result<std::string> text = read_text_file(path, kScriptBytesMax);
    if (!text) {
        return usage_error(fmt::format("read the script `{}`: {}", path, text.error().message),
                           "name a readable file of at most " + size_text(kScriptBytesMax));
    }
    Scenario scenario;
    scenario.name = legal_name(scenario_stem(path));
    scenario.file = path;
    scenario.target.engine =
        engine.value_or(path.ends_with(".lua") ? Engine::kLua : Engine::kPython);
    scenario.target.script = {text.take(), path};
    scenario.injection = default_injection();
    scenario.expect = default_expectation(scenario.target.engine);
    scenario.gate = default_gate();
    return scenario;
}

Scenario scenario_for_command(const std::vector<std::string>& command) {
    Scenario scenario;
    const std::string& program = command.front();
    scenario.name = legal_name(std::string_view(program).substr(program.rfind('/') + 1));
    scenario.description = shell_quoted(command);
    std::error_code error;
    scenario.folder = fs::current_path(error).string();  // empty: it was removed
    scenario.target.engine = Engine::kExec;
    scenario.target.run = command;
    scenario.target.inherits_environment = true;
    scenario.injection = default_injection();
    scenario.expect = default_expectation(Engine::kExec);
    scenario.gate = default_gate();
    return scenario;
}

}  // namespace dearth::harness
