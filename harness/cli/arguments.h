// The command line as plain data. The only file that knows CLI11 is arguments.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "harness/base/result.h"

namespace dearth::harness {

// Shared by the commands that read scenarios.
struct ScenarioChoice {
    std::vector<std::string> paths;  // scenario files, folders, scripts
    std::string engine;              // for scripts: lua or python; empty: by extension
    std::vector<std::string> names;  // globs; empty: all
    std::vector<std::string> tags;
    std::vector<std::string> command;  // program and arguments behind `--`; then no paths
};

// What the command line changes in every scenario. Empty: as the scenario says.
struct ScenarioOverrides {
    std::string points;  // all | sites | A..B | sample:K
    std::string kinds;   // once,persistent
    std::string inject;  // schedule text
    std::string guard;   // bytes | page | both | off
    uint64_t deadline_ms = 0;
};

struct RunArguments {
    ScenarioChoice choice;
    ScenarioOverrides overrides;
    std::string strategy = "auto";
    uint32_t jobs = 0;  // 0: one a processor
    uint64_t seed = 0;  // 0: as the scenarios say
    std::string database;
    bool resumes = false;
    std::vector<std::string> reports;  // KIND=FILE
    std::string junit_dialect = "lenient";
    uint32_t replays = 2;  // confirmation runs of each finding
    bool exit_zero = false;
    bool is_quiet = false;
};

struct PlanArguments {
    ScenarioChoice choice;
    ScenarioOverrides overrides;
};
struct CheckArguments {
    ScenarioChoice choice;
};
struct ListArguments {
    ScenarioChoice choice;
};
struct ReplayArguments {
    std::string id;
    std::string database;
    bool uses_debugger = false;
};
struct ReportArguments {
    std::string database;
    std::vector<std::string> reports;
    std::string junit_dialect = "lenient";
};
struct ExplainArguments {
    std::string rule;  // empty: all
};
struct DoctorArguments {
    bool is_json = false;
};
struct SchemaArguments {};
struct ShowText {
    std::string text;  // help, version: already complete
};

using Command =
    std::variant<RunArguments, PlanArguments, CheckArguments, ListArguments, ReplayArguments,
                 ReportArguments, ExplainArguments, DoctorArguments, SchemaArguments, ShowText>;

struct CommandLine {
    Command command;
    std::string color = "auto";  // auto | always | never
};

// An error is of class kUsage and carries what is allowed.
Result<CommandLine> parse_command_line(int argc, char** argv);

}  // namespace dearth::harness
