#include "harness/cli/arguments.h"

#include <algorithm>
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "harness/base/text.h"
#include "harness/cli/version.h"

namespace dearth::harness {
namespace {

constexpr const char* kDescription =
    "dearth makes every allocation of a program fail, one at a time, and judges what the program "
    "does.\n\n"
    "  dearth run script.lua            sweep every allocation failure of a script\n"
    "  dearth run -- ./prog arg         sweep a program: no source, no rebuild\n"
    "  dearth run scenarios/lua/        run all scenarios of a folder\n"
    "  dearth replay 9c0f2a77 --gdb     stop at the failure that shows a finding";

constexpr const char* kFooter =
    "Exit codes: 0 passed, 1 findings, 2 usage or scenario error, 3 the target fails without "
    "faults,\n"
    "4 nothing was tested, 6 incomplete, 70 internal error, 130 interrupted.";

constexpr const char* kCommandFooter =
    "-- CMD ARG...  instead of PATH: a program, looked up in PATH as a shell would, with your\n"
    "               environment and working directory, and nothing on its standard input.";

void add_choice(CLI::App& app, ScenarioChoice& choice) {
    app.add_option("PATH", choice.paths,
                   "scenario files, folders with scenarios, or scripts (.lua, .py)");
    app.footer(kCommandFooter);
    app.add_option("--engine", choice.engine,
                   "engine for scripts, where the extension does not tell")
        ->check(CLI::IsMember({"lua", "python"}));
    // One value each time the flag is given: what follows is a path.
    app.add_option("--name", choice.names, "only scenarios whose name matches this glob")
        ->allow_extra_args(false);
    app.add_option("-t,--tag", choice.tags, "only scenarios with this tag")
        ->allow_extra_args(false);
}

void add_overrides(CLI::App& app, ScenarioOverrides& overrides) {
    app.add_option("--points", overrides.points,
                   "which failure points: all, sites, A..B, sample:K");
    app.add_option("--kind", overrides.kinds, "how they fail: once,persistent,sticky,burst=K");
    app.add_option("--inject", overrides.inject,
                   "a schedule instead, e.g. 'nth=17;once;op=realloc'");
    app.add_option("--guard", overrides.guard,
                   "guard bytes around every block; or each at an unreadable page; or that twice, "
                   "once for each side")
        ->check(CLI::IsMember({"bytes", "page", "both", "off"}));
    app.add_option_function<std::string>(
           "--deadline",
           [&overrides](const std::string& text) {
               const auto value = duration_from_text(text);
               if (!value || *value == 0)
                   throw CLI::ValidationError("--deadline",
                                              "`" + text + "` is no duration; write 500ms or 5s");
               overrides.deadline_ms = *value;
           },
           "deadline of one trial, e.g. 500ms, 5s")
        ->type_name("TIME");
}

void add_reports(CLI::App& app, std::vector<std::string>& reports, std::string& dialect) {
    app.add_option("--report", reports,
                   "write a report: jsonl=FILE, junit=FILE, console=FILE (- for standard output)")
        ->type_name("KIND=FILE")
        ->allow_extra_args(false);
    app.add_option("--junit-dialect", dialect, "lenient, or strict for readers that validate")
        ->check(CLI::IsMember({"lenient", "strict"}));
}

struct Parser {
    CLI::App app{kDescription, "dearth"};
    CommandLine line;
    RunArguments run;
    PlanArguments plan;
    CheckArguments check;
    ListArguments list;
    ReplayArguments replay;
    ReportArguments report;
    ExplainArguments explain;
    DoctorArguments doctor;
    bool shows_version = false;

    Parser() {
        app.footer(kFooter);
        app.require_subcommand(0, 1);
        app.add_flag("--version", shows_version, "print version and engines");
        app.add_option("--color", line.color, "auto, always or never")
            ->check(CLI::IsMember({"auto", "always", "never"}));
        add_run();
        auto* plan_app =
            app.add_subcommand("plan", "count points and estimate, run nothing but the baseline");
        add_choice(*plan_app, plan.choice);
        add_overrides(*plan_app, plan.overrides);
        add_choice(*app.add_subcommand("check", "read scenario files and report every error"),
                   check.choice);
        add_choice(*app.add_subcommand("list", "list scenarios"), list.choice);
        add_replay();
        auto* report_app = app.add_subcommand("report", "make reports from a results file");
        report_app->add_option("DB", report.database,
                               "results file; default: the newest under .dearth");
        add_reports(*report_app, report.reports, report.junit_dialect);
        app.add_subcommand("explain", "explain a rule, e.g. DT1001")
            ->add_option("RULE", explain.rule, "rule id or name; none: all rules");
        app.add_subcommand("doctor", "say what works on this machine and why not")
            ->add_flag("--json", doctor.is_json, "machine-readable");
        app.add_subcommand("memcheck", "run a program once, without faults, and find heap misuse");
        app.add_subcommand("schema", "print the JSON Schema of scenario files");
    }

    void add_run() {
        auto* run_app =
            app.add_subcommand("run", "sweep allocation failures and judge the outcomes");
        add_choice(*run_app, run.choice);
        add_overrides(*run_app, run.overrides);
        run_app
            ->add_option("--strategy", run.strategy,
                         "auto, fork (split off at each point) or exec (a process a point)")
            ->check(CLI::IsMember({"auto", "fork", "exec"}));
        run_app->add_option("-j,--jobs", run.jobs, "trials at once; default: one a processor")
            ->check(CLI::Range(1, 32));
        run_app->add_option("--seed", run.seed, "seed for samples and probabilities")
            ->check(CLI::PositiveNumber);
        run_app->add_option("--db", run.database, "results file; default: a new one under .dearth");
        run_app->add_flag("--resume", run.resumes, "go on with an interrupted run");
        run_app->add_option("--confirm", run.replays, "replays that confirm each finding")
            ->check(CLI::Range(0, 10));
        run_app->add_flag("--exit-zero", run.exit_zero, "exit 0 whatever was found");
        run_app->add_flag("-q,--quiet", run.is_quiet, "no progress");
        add_reports(*run_app, run.reports, run.junit_dialect);
    }

    void add_replay() {
        auto* replay_app =
            app.add_subcommand("replay", "run the trial that shows a finding once more");
        replay_app->add_option("ID", replay.id, "finding id, or an unambiguous prefix")->required();
        replay_app->add_option("--db", replay.database,
                               "results file; default: the newest under .dearth that has it");
        replay_app->add_flag("--gdb", replay.uses_debugger,
                             "in gdb, stopped at the injected failure");
    }

    // What stood behind `--`. Only commands that take scenarios can run a program.
    Status take_command(const std::vector<std::string>& words) {
        const auto subcommands = app.get_subcommands();
        const std::string name = subcommands.empty() ? "" : subcommands.front()->get_name();
        ScenarioChoice* choice = name == "run"    ? &run.choice
                                 : name == "plan" ? &plan.choice
                                 : name == "list" ? &list.choice
                                                  : nullptr;
        const auto refusal = [&](const std::string& why) {
            return Error{ErrorClass::kUsage, "read the command line: " + why,
                         "dearth run [FLAGS] -- PROGRAM ARGUMENTS"};
        };
        if (choice == nullptr)
            return refusal("a program behind `--` is for run, plan and list");
        if (words.empty() || words.front().empty())
            return refusal("no program stands behind `--`");
        if (!choice->paths.empty())
            return refusal(fmt::format("`{}` stands before `--`, a program behind it; one of them",
                                       choice->paths.front()));
        if (!choice->engine.empty())
            return refusal("--engine is for scripts, a program has none");
        choice->command = words;
        return Done{};
    }

    Command chosen() {
        if (shows_version)
            return ShowText{version_text()};
        const auto subcommands = app.get_subcommands();
        if (subcommands.empty())
            return ShowText{app.help()};
        const std::string name = subcommands.front()->get_name();
        if (name == "run")
            return run;
        if (name == "plan")
            return plan;
        if (name == "check")
            return check;
        if (name == "list")
            return list;
        if (name == "replay")
            return replay;
        if (name == "report")
            return report;
        if (name == "explain")
            return explain;
        if (name == "doctor")
            return doctor;
        return SchemaArguments{};
    }
};

// CLI11 only says "not expected": what could have been meant?
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> views(known.begin(), known.end());
    const auto nearest = nearest_word(word, views);
    return nearest ? fmt::format("; did you mean `{}`?", *nearest) : std::string();
}

std::string unknown_command(const CLI::App& app, const std::string& word) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands(nullptr))
        names.push_back(sub->get_name());
    return fmt::format("unknown command `{}`{}\n  commands: {}", word, did_you_mean(word, names),
                       join(std::span<const std::string>(names), ", "));
}

std::string unknown_flag(const CLI::App& app, const std::string& word) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames())
            names.push_back("--" + name);
    }
    return fmt::format("unknown flag `{}`{}", word, did_you_mean(word, names));
}

Error usage_error(CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
    const auto chosen = app.get_subcommands();
    const CLI::App& place = chosen.empty() ? app : *chosen.front();
    std::string message = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
        const std::vector<std::string> extra = app.remaining(true);
        if (chosen.empty() && argc > 1 && argv[1][0] != '-')
            message = unknown_command(app, argv[1]);
        else if (!extra.empty())
            message = unknown_flag(place, extra.front());
    }
    return {ErrorClass::kUsage, "read the command line: " + message,
            chosen.empty() ? "dearth --help" : "dearth " + place.get_name() + " --help"};
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, char** argv) {
    Parser parser;
    // CLI11 would mix what stands behind `--` with the paths before it.
    const std::vector<std::string> words(argv, argv + argc);
    const auto separator = std::find(words.begin(), words.end(), "--");
    const auto own_count = static_cast<int>(separator - words.begin());
    try {
        parser.app.parse(own_count, argv);
    } catch (const CLI::CallForHelp&) {
        const auto chosen = parser.app.get_subcommands();
        return CommandLine{ShowText{chosen.empty() ? parser.app.help() : chosen.front()->help()},
                           "auto"};
    } catch (const CLI::ParseError& error) {
        return usage_error(parser.app, error, own_count, argv);
    }
    if (separator != words.end()) {
        if (Status taken = parser.take_command({separator + 1, words.end()}); !taken)
            return taken.error();
    }
    parser.line.command = parser.chosen();
    return parser.line;
}

}  // namespace dearth::harness
