// What each command does. A command prints its result on standard output, progress and messages
// on standard error, and returns the exit code.
#pragma once

#include "harness/cli/arguments.h"
#include "harness/cli/memcheck_arguments.h"
#include "harness/cli/terminal.h"
#include "harness/model/exit_code.h"

namespace dearth::harness {

ExitCode run_command(const RunArguments& arguments, const Terminal& terminal,
                     const std::string& command_line);
ExitCode plan_command(const PlanArguments& arguments, const Terminal& terminal);
ExitCode check_command(const CheckArguments& arguments, const Terminal& terminal);
ExitCode list_command(const ListArguments& arguments, const Terminal& terminal);
ExitCode replay_command(const ReplayArguments& arguments, const Terminal& terminal);
ExitCode report_command(const ReportArguments& arguments, const Terminal& terminal);
ExitCode explain_command(const ExplainArguments& arguments, const Terminal& terminal);
ExitCode doctor_command(const DoctorArguments& arguments);
ExitCode schema_command();
// The exit code is the program's own, unless something was found.
int memcheck_command(const MemcheckArguments& arguments);

}  // namespace dearth::harness
