// What we may do on standard output and error: colours, animation, width; and how errors look.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "harness/base/result.h"
#include "harness/model/exit_code.h"

namespace dearth::harness {

struct Terminal {
    bool has_color = false;    // standard output
    bool is_animated = false;  // standard error is a terminal that can redraw a line
    size_t width = 80;         // columns of standard error
};

// `color`: auto, always or never. Follows NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM=dumb.
Terminal detect_terminal(std::string_view color);

// Prints "dearth: failed to ..." with the next step; returns the exit code of the error's class.
ExitCode report_error(const Error& error);

// Writes to standard output; an error there (a closed pipe, a full disk) is reported once at exit.
void print_out(std::string_view text);
void print_err(std::string_view text);

}  // namespace dearth::harness
