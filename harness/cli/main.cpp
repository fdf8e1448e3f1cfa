// The command line's entry: which command, with what, and its exit code.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "harness/cli/commands.h"

namespace dearth::harness {
namespace {

// Descriptors 0 to 2 must be taken: a results file that got number 1 would receive our output.
void open_standard_descriptors() {
    for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR)) {
        if (fd > STDERR_FILENO) {
            close(fd);
            break;
        }
    }
}

std::string joined(int argc, char** argv) {
    std::string text;
    for (int i = 0; i < argc; ++i)
        text += (i == 0 ? "" : " ") + std::string(argv[i]);
    return text;
}

template <typename... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

ExitCode dispatch(const CommandLine& line, const std::string& text) {
    const Terminal terminal = detect_terminal(line.color);
    return std::visit(Overloaded{
                          [&](const RunArguments& a) { return run_command(a, terminal, text); },
                          [&](const PlanArguments& a) { return plan_command(a, terminal); },
                          [&](const CheckArguments& a) { return check_command(a, terminal); },
                          [&](const ListArguments& a) { return list_command(a, terminal); },
                          [&](const ReplayArguments& a) { return replay_command(a, terminal); },
                          [&](const ReportArguments& a) { return report_command(a, terminal); },
                          [&](const ExplainArguments& a) { return explain_command(a, terminal); },
                          [&](const DoctorArguments& a) { return doctor_command(a); },
                          [&](const SchemaArguments&) { return schema_command(); },
                          [&](const ShowText& a) {
                              print_out(a.text);
                              return ExitCode::kPassed;
                          },
                      },
                      line.command);
}

// Its flags are those of another tool, and the program's own follow without a `--`.
int run_memcheck(const std::vector<std::string>& words) {
    const auto arguments = parse_memcheck_arguments(words);
    if (!arguments)
        return static_cast<int>(report_error(arguments.error()));
    return memcheck_command(arguments.value());
}

int run_main(int argc, char** argv) {
    open_standard_descriptors();
    if (argc > 1 && std::string_view(argv[1]) == "memcheck")
        return run_memcheck({argv + 2, argv + argc});
    const auto line = parse_command_line(argc, argv);
    ExitCode code = line ? dispatch(line.value(), joined(argc, argv)) : report_error(line.error());
    if (std::fflush(stdout) != 0) {
        print_err("dearth: failed to write to standard output\n");
        code = ExitCode::kInternal;
    }
    return static_cast<int>(code);
}

}  // namespace
}  // namespace dearth::harness

int main(int argc, char** argv) {
    try {
        return dearth::harness::run_main(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(
            stderr,
            "dearth: internal error: %s\n  next: this is a bug of dearth; finished trials are "
            "kept, `dearth run --resume` goes on\n",
            error.what());
        return 70;
    }
}
