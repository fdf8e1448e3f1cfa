// `dearth replay` and `dearth report`: what stands in results files, once more.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/report_files.h"
#include "harness/cli/results_folder.h"
#include "harness/cli/scenario_choice.h"
#include "harness/cli/stop_signal.h"
#include "harness/report/finding_text.h"
#include "harness/scenario/scenario_files.h"
#include "harness/store/result_reader.h"
#include "harness/sweep/replay.h"
#include "harness/sweep/store_source.h"

namespace dearth::harness {
namespace {

struct Located {
    ResultReader::Found found;
    ScenarioFacts scenario;
    std::optional<RecordedCommand> command;  // of a scenario without a file
    std::string file;
};

Result<Located> locate_in(const std::string& file, const std::string& id) {
    auto reader = ResultReader::open_existing(file);
    if (!reader)
        return reader.error();
    auto found = reader.value().find_finding(id);
    if (!found)
        return found.error();
    auto scenarios = reader.value().scenarios();
    if (!scenarios)
        return scenarios.error();
    const size_t index = found.value().scenario_index;
    Located located{found.take(), scenarios.value().at(index), std::nullopt, file};
    if (located.scenario.file.empty()) {
        auto command = reader.value().command_of(index);
        if (!command)
            return command.error();
        located.command = command.take();
    }
    return located;
}

// In the file named, or in the newest one that has the finding.
Result<Located> locate(const ReplayArguments& arguments) {
    if (!arguments.database.empty())
        return locate_in(arguments.database, arguments.id);
    const std::vector<std::string> files = results_files();
    if (files.empty())
        return Error{ErrorClass::kUsage,
                     fmt::format("find {}: no results under .dearth", arguments.id),
                     "run a sweep here first, or name its results file with --db FILE"};
    std::optional<Error> newest;
    for (const std::string& file : files) {
        auto located = locate_in(file, arguments.id);
        if (located)
            return located;
        if (!newest)
            newest = located.error();
    }
    return *newest;
}

// Only the target counts: the sweep may have had another window or kind from the command line, and
// the finding carries its own schedule.
bool has_another_target(const Scenario& now, const ScenarioFacts& then) {
    return then.fingerprint_text.find(target_fingerprint_text(now.target)) == std::string::npos;
}

// The program runs where it ran: its arguments may name files.
Result<Scenario> scenario_of_command(const RecordedCommand& command, const std::string& name) {
    if (!command.folder.empty() && chdir(command.folder.c_str()) != 0)
        return Error{ErrorClass::kUsage,
                     fmt::format("enter {}, where the sweep ran: {}",
                                 printable_text(command.folder), std::strerror(errno)),
                     "run the sweep again"};
    return pass_or_itself(scenario_for_command(command.arguments), name);
}

Result<Scenario> scenario_of(const Located& located) {
    if (located.command)
        return scenario_of_command(*located.command, located.scenario.name);
    auto scenario =
        load_named_scenario(located.scenario.file, located.scenario.name, located.scenario.engine);
    if (scenario && has_another_target(scenario.value(), located.scenario))
        print_err(fmt::format(
            "dearth: note: {} has changed since the sweep; the replay may land elsewhere\n",
            located.scenario.file));
    return scenario;
}

ExitCode replay_once(const Scenario& scenario, const Finding& finding, const Terminal& terminal) {
    watch_for_stop();
    const auto replayed =
        replay_finding(scenario, finding, 0, utc_date_text(std::time(nullptr)), stop_was_requested);
    if (!replayed)
        return report_error(replayed.error());
    const ReplayResult& result = replayed.value();
    ConsoleOptions options;
    options.has_color = terminal.has_color;
    for (Finding shown : result.findings) {
        if (shown.id == finding.id) {
            shown.replays = finding.replays + 1;
            shown.replays_agreeing = finding.replays_agreeing + 1;
        }
        print_out(finding_text(shown, {}, options) + "\n");
    }
    const std::string name = finding.id.substr(0, 8);
    if (result.is_shown_again) {
        print_out(fmt::format("{} shows again.\n", name));
        return ExitCode::kFindings;
    }
    print_out(
        fmt::format("{} does not show again: this trial is {}{}\n", name,
                    verdict_name(result.judgement.verdict),
                    result.judgement.detail.empty() ? "" : " (" + result.judgement.detail + ")"));
    return ExitCode::kPassed;
}

}  // namespace

ExitCode replay_command(const ReplayArguments& arguments, const Terminal& terminal) {
    const auto located = locate(arguments);
    if (!located)
        return report_error(located.error());
    const auto scenario = scenario_of(located.value());
    if (!scenario)
        return report_error(scenario.error());
    const Finding& finding = located.value().found.finding;
    print_err(fmt::format("dearth: {} {} in {}, {} (results: {})\n", finding.id.substr(0, 8),
                          verdict_name(finding.verdict), finding.scenario, finding.schedule_text,
                          located.value().file));
    if (!arguments.uses_debugger)
        return replay_once(scenario.value(), finding, terminal);
    const auto status = debug_finding(scenario.value(), finding);
    if (!status)
        return report_error(status.error());
    return ExitCode::kPassed;
}

ExitCode report_command(const ReportArguments& arguments, const Terminal& terminal) {
    const auto reports = parse_report_files(arguments.reports, arguments.junit_dialect);
    if (!reports)
        return report_error(reports.error());
    std::string file = arguments.database;
    if (file.empty()) {
        const std::vector<std::string> files = results_files();
        if (files.empty())
            return report_error({ErrorClass::kUsage, "report: no results under .dearth",
                                 "run a sweep here first, or name a results file"});
        file = files.front();
    }
    auto reader = ResultReader::open_existing(file);
    if (!reader)
        return report_error(reader.error());
    const StoreSource source(reader.take());
    if (Status written = write_reports(source, reports.value(), terminal, file); !written)
        return report_error(written.error());
    return ExitCode::kPassed;
}

}  // namespace dearth::harness
