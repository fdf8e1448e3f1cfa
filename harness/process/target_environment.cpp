#include "harness/process/target_environment.h"

#include <unistd.h>

#include <string_view>

namespace dearth::harness {
namespace {

std::map<std::string, std::string> own_environment() {
    std::map<std::string, std::string> environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const size_t equals = text.find('=');
        // Settings of ours are for dearth; in the target they would speak to the library.
        if (equals != std::string_view::npos && !text.starts_with("DEARTH_"))
            environment[std::string(text.substr(0, equals))] = text.substr(equals + 1);
    }
    return environment;
}

}  // namespace

std::map<std::string, std::string> target_environment(const Target& target) {
    std::map<std::string, std::string> environment = {
        {"LC_ALL", "C"}, {"TZ", "UTC"}, {"PATH", "/usr/bin:/bin"}, {"HOME", "/"}};
    if (target.inherits_environment)
        environment = own_environment();
    for (const auto& [name, value] : target.env)
        environment[name] = value;
    return environment;
}

}  // namespace dearth::harness
