#include "harness/cli/memcheck_arguments.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

Error usage(const std::string& why) {
    return {ErrorClass::kUsage, "read the command line: memcheck: " + why,
            "dearth memcheck --help"};
}

Status take_word(std::string_view name, std::string_view value,
                 const std::vector<std::string_view>& words) {
    if (std::ranges::find(words, value) != words.end())
        return Done{};
    return usage(fmt::format("{} takes {}, not `{}`", name, join(std::span(words), ", "),
                             printable_text(value)));
}

Result<uint64_t> number_of(std::string_view name, std::string_view value, uint64_t lowest,
                           uint64_t highest) {
    const auto number = whole_number_from_text(value);
    if (number && *number >= lowest && *number <= highest)
        return *number;
    return usage(fmt::format("{} takes a whole number from {} to {}, not `{}`", name, lowest,
                             highest, printable_text(value)));
}

Status set_guard(MemcheckArguments& arguments, std::string_view value) {
    arguments.guard = value;
    return take_word("--guard", value, {"bytes", "page", "both"});
}

Status set_leak_check(MemcheckArguments& arguments, std::string_view value) {
    arguments.leak_check = value == "no"        ? LeakCheck::kNo
                           : value == "summary" ? LeakCheck::kSummary
                                                : LeakCheck::kFull;
    return take_word("--leak-check", value, {"no", "summary", "full", "yes"});
}

Status set_reachable(MemcheckArguments& arguments, std::string_view value) {
    arguments.shows_reachable = value == "yes";
    return take_word("--show-reachable", value, {"yes", "no"});
}

Status set_exit_code(MemcheckArguments& arguments, std::string_view value) {
    const auto code = number_of("--error-exitcode", value, 0, 255);
    if (!code)
        return code.error();
    arguments.error_exit_code = static_cast<int>(code.value());
    return Done{};
}

Status set_callers(MemcheckArguments& arguments, std::string_view value) {
    const auto count = number_of("--num-callers", value, 1, 500);
    if (!count)
        return count.error();
    arguments.callers = count.value();
    return Done{};
}

Status set_log_file(MemcheckArguments& arguments, std::string_view value) {
    if (value.empty())
        return usage("--log-file names no file");
    arguments.log_file = value;
    return Done{};
}

Status set_tool(MemcheckArguments&, std::string_view value) {
    return take_word("--tool", value, {"memcheck"});
}

struct Flag {
    std::string_view name;
    Status (*set)(MemcheckArguments& arguments, std::string_view value);
};
constexpr std::array<Flag, 7> kFlags = {{{"--guard", set_guard},
                                         {"--leak-check", set_leak_check},
                                         {"--show-reachable", set_reachable},
                                         {"--error-exitcode", set_exit_code},
                                         {"--num-callers", set_callers},
                                         {"--log-file", set_log_file},
                                         {"--tool", set_tool}}};

// Valgrind's that ask for what is not there, or is always so.
constexpr std::array<std::string_view, 12> kIgnored = {
    "--suppressions",     "--track-origins",      "--trace-children",
    "--gen-suppressions", "--show-leak-kinds",    "--errors-for-leak-kinds",
    "--track-fds",        "--undef-value-errors", "--leak-resolution",
    "--freelist-vol",     "--read-var-info",      "--child-silent-after-fork"};

Error unknown_flag(std::string_view name) {
    std::vector<std::string_view> names = {"--help", "--quiet", "--verbose"};
    for (const Flag& flag : kFlags)
        names.push_back(flag.name);
    names.insert(names.end(), kIgnored.begin(), kIgnored.end());
    const auto near = nearest_word(name, names);
    return usage(fmt::format("unknown flag `{}`{}", printable_text(name),
                             near ? fmt::format("; did you mean `{}`?", *near) : std::string()));
}

}  // namespace

Result<MemcheckArguments> parse_memcheck_arguments(const std::vector<std::string>& words) {
    MemcheckArguments arguments;
    size_t at = 0;
    for (; at < words.size() && words[at].starts_with('-'); ++at) {
        const std::string_view word = words[at];
        if (word == "--") {
            ++at;
            break;
        }
        const std::string_view name = word.substr(0, word.find('='));
        if (word == "-h" || word == "--help") {
            arguments.shows_help = true;
            return arguments;
        }
        if (word == "-q" || word == "--quiet") {
            arguments.is_quiet = true;
            continue;
        }
        if (word == "-v" || word == "--verbose")
            continue;
        const bool has_value = name.size() < word.size();
        const auto flag =
            std::ranges::find_if(kFlags, [&](const Flag& one) { return one.name == name; });
        const bool is_ignored = std::ranges::find(kIgnored, name) != kIgnored.end();
        if (flag == kFlags.end() && !is_ignored)
            return unknown_flag(name);
        if (!has_value)
            return usage(fmt::format("{} needs a value: {}=VALUE", name, name));
        if (is_ignored) {
            arguments.ignored.emplace_back(word);
            continue;
        }
        if (Status set = flag->set(arguments, word.substr(name.size() + 1)); !set)
            return set.error();
    }
    arguments.command.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
    if (arguments.command.empty() || arguments.command.front().empty())
        return usage("no program is named");
    return arguments;
}

std::string memcheck_help() {
    return "Runs a program once, without faults, and finds its heap misuse and leaks.\n"
           "Usage: dearth memcheck [FLAGS] [--] PROGRAM ARGUMENTS\n"
           "\n"
           "  --guard=bytes|page|both   guard bytes; or each block at an unreadable page, which\n"
           "                            sees reads too; or two runs, once with each side there\n"
           "                            (the second without output, its input from a file)\n"
           "  --leak-check=no|summary|full\n"
           "                            lost blocks: not, their sum, or each call site (full)\n"
           "  --show-reachable=yes|no   with full, also blocks that could still be freed (no)\n"
           "  --error-exitcode=N        exit status when something was found (86); 0: the\n"
           "                            program's own\n"
           "  --log-file=FILE           the report there, not on standard error; %p is the\n"
           "                            program's process id\n"
           "  --num-callers=N           frames of a call stack (12, at most 24 are known)\n"
           "  -q                        errors only, no summary\n"
           "\n"
           "Flags and lines are Valgrind's, so that CTest takes it for one:\n"
           "  ctest -T memcheck with MEMORYCHECK_TYPE=Valgrind and a MEMORYCHECK_COMMAND that\n"
           "  runs `dearth memcheck \"$@\"`. Uninitialised values are not looked for. Programs\n"
           "that the program starts are not watched. Other flags of Valgrind's are taken and\n"
           "do nothing, which the report says.\n"
           "\n"
           "Exit codes: the program's own (128 + N after signal N), or --error-exitcode; 2 usage\n"
           "error, 3 it cannot be started or watched, 4 its allocator is not ours, 70 internal\n"
           "error.\n";
}

}  // namespace dearth::harness
