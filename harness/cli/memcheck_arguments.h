// The command line of `dearth memcheck`: Valgrind's flags as CTest passes them, and our own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/result.h"

namespace dearth::harness {

enum class LeakCheck : uint8_t { kNo, kSummary, kFull };

struct MemcheckArguments {
    std::vector<std::string> command;
    std::string guard = "bytes";  // bytes | page | both
    LeakCheck leak_check = LeakCheck::kFull;
    bool shows_reachable = false;
    int error_exit_code = 86;  // 0: the program's own stays
    size_t callers = 12;       // frames of a stack
    std::string log_file;      // empty: standard error; %p is the program's process id
    bool is_quiet = false;
    bool shows_help = false;
    std::vector<std::string> ignored;  // flags taken that mean nothing here
};

// `words`: what stands behind `memcheck`. The first word that is no flag begins the command.
Result<MemcheckArguments> parse_memcheck_arguments(const std::vector<std::string>& words);

std::string memcheck_help();

}  // namespace dearth::harness
