#include "harness/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

}  // namespace

Terminal detect_terminal(std::string_view color) {
    Terminal terminal;
    const char* term = std::getenv("TERM");
    const bool is_dumb = term == nullptr || std::string_view(term) == "dumb";
    if (color == "always")
        terminal.has_color = true;
    else if (color == "auto" && !is_set("NO_COLOR"))
        terminal.has_color = is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE") ||
                             (isatty(STDOUT_FILENO) != 0 && !is_dumb);
    terminal.is_animated = isatty(STDERR_FILENO) != 0 && !is_dumb;
    winsize size = {};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        terminal.width = size.ws_col;
    return terminal;
}

ExitCode report_error(const Error& error) {
    // Diagnostics of a scenario file start with its name, as compilers print them: editors jump
    // there. The headline before them goes to the end.
    const size_t headline = error.message.find('\n');
    if (error.message.find(": error[") != std::string::npos && headline != std::string::npos)
        print_err(fmt::format("{}\ndearth: failed to {}\n", error.message.substr(headline + 1),
                              error.message.substr(0, headline)));
    else
        print_err(fmt::format("dearth: failed to {}\n", error.message));
    if (!error.next_step.empty())
        print_err(fmt::format("  next: {}\n", error.next_step));
    return exit_code_of(error.error_class);
}

void print_out(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_err(std::string_view text) {
    std::fflush(stdout);
    std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace dearth::harness
