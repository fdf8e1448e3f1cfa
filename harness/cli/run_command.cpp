// `dearth run`: scenarios to results file, live progress while it goes on, reports at the end.
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/report_files.h"
#include "harness/cli/results_folder.h"
#include "harness/cli/scenario_choice.h"
#include "harness/cli/stop_signal.h"
#include "harness/cli/version.h"
#include "harness/report/live_display.h"
#include "harness/store/result_store.h"
#include "harness/sweep/store_source.h"
#include "harness/sweep/sweep_engine.h"
#include "harness/sweep/target_run.h"

namespace dearth::harness {
namespace {

// Hands each event to the results file first: what is shown is already safe.
class Tee final : public EventSink {
public:
    Tee(ResultStore& store, EventSink* display) : store_(store), display_(display) {}

    Status consume(const SweepEvent& event) override {
        if (Status stored = store_.consume(event); !stored)
            return stored;
        return display_ != nullptr ? display_->consume(event) : Status(Done{});
    }

private:
    ResultStore& store_;
    EventSink* display_;
};

std::string random_id() {
    std::random_device device;
    return fmt::format("{:08x}", device());
}

uint64_t unix_ms() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
}

double own_cpu_s() {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The newest results file whose run did not end.
Result<std::string> file_to_resume() {
    for (const std::string& file : results_files()) {
        auto reader = ResultReader::open_existing(file);
        if (!reader)
            continue;  // not ours or damaged: an older one may do
        const auto facts = reader.value().run();
        if (facts && facts.value().is_interrupted())
            return file;
    }
    return Error{ErrorClass::kUsage, "resume: no interrupted run under .dearth",
                 "name its results file with --db FILE"};
}

Result<std::unique_ptr<ResultStore>> open_store(const RunArguments& arguments,
                                                const std::string& run_id) {
    if (arguments.resumes) {
        auto path =
            arguments.database.empty() ? file_to_resume() : Result<std::string>(arguments.database);
        if (!path)
            return path.error();
        return ResultStore::open_for_resume(path.value());
    }
    auto path = arguments.database.empty() ? new_results_file(run_id)
                                           : Result<std::string>(arguments.database);
    if (!path)
        return path.error();
    return ResultStore::create(path.value());
}

// Call sites that the finished trials of a scenario made to fail.
Result<std::vector<uint64_t>> sites_failed_before(const ResultReader& reader,
                                                  const Scenario& scenario) {
    auto known = reader.scenarios();
    if (!known)
        return known.error();
    std::vector<uint64_t> sites;
    for (const ScenarioFacts& facts : known.value()) {
        if (facts.name != scenario.name)
            continue;
        const Status read =
            reader.for_each_trial(facts.scenario_index, [&](const TrialFinished& trial) -> Status {
                if (trial.site != 0 && (sites.empty() || sites.back() != trial.site))
                    sites.push_back(trial.site);
                return Done{};
            });
        if (!read)
            return read.error();
    }
    return sites;
}

SweepOptions sweep_options(const RunArguments& arguments, const ResultStore& store) {
    SweepOptions options;
    if (arguments.strategy == "fork")
        options.strategy = StrategyChoice::kFork;
    else if (arguments.strategy == "exec")
        options.strategy = StrategyChoice::kExec;
    options.jobs =
        arguments.jobs != 0 ? arguments.jobs : std::max(1u, std::thread::hardware_concurrency());
    options.replays = arguments.replays;
    options.today = utc_date_text(std::time(nullptr));
    options.should_stop = stop_was_requested;
    if (arguments.resumes) {
        options.finished = [&store](const Scenario& scenario) {
            return store.reader().finished_trials(scenario.name,
                                                  scenario_fingerprint_text(scenario));
        };
        options.finished_sites = [&store](const Scenario& scenario) {
            return sites_failed_before(store.reader(), scenario);
        };
    }
    return options;
}

std::string exit_reason(ExitCode code, const SweepSummary& summary) {
    if (!summary.reason.empty() && code != ExitCode::kFindings)
        return summary.reason;
    const auto row = exit_code_row(static_cast<int>(code));
    return row ? std::string(row->sentence) : std::string();
}

struct Outcome {
    ExitCode code = ExitCode::kPassed;
    std::string reason;
};

Result<Outcome> sweep_into(const RunArguments& arguments, const std::vector<Scenario>& scenarios,
                           ResultStore& store, EventSink* display, const std::string& run_id,
                           const std::string& command_line) {
    Tee sink(store, display);
    RunStarted started;
    started.run_id = run_id;
    started.command_line = command_line;
    started.version = version_number();
    started.seed = arguments.seed != 0 ? arguments.seed : 1;
    started.started_unix_ms = unix_ms();
    const SweepOptions options = sweep_options(arguments, store);
    started.jobs = options.jobs;
    if (Status told = sink.consume(started); !told)
        return told.error();
    const auto begin = std::chrono::steady_clock::now();
    auto swept = run_sweep(scenarios, options, sink);
    if (!swept)
        return swept.error();
    const SweepSummary& summary = swept.value();
    Outcome outcome;
    std::vector<ExitCode> applicable = summary.applicable;
    if (summary.was_interrupted)
        applicable.push_back(ExitCode::kInterrupted);
    outcome.code = decide_exit(applicable, arguments.exit_zero);
    outcome.reason = exit_reason(outcome.code, summary);
    RunFinished finished;
    finished.exit_code = static_cast<int>(outcome.code);
    finished.exit_reason = outcome.reason;
    finished.cpu_s = summary.cpu_s + own_cpu_s();
    finished.wall_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (Status told = sink.consume(finished); !told)
        return told.error();
    return outcome;
}

}  // namespace

ExitCode run_command(const RunArguments& arguments, const Terminal& terminal,
                     const std::string& command_line) {
    const auto reports = parse_report_files(arguments.reports, arguments.junit_dialect);
    if (!reports)
        return report_error(reports.error());
    auto chosen = choose_scenarios(arguments.choice);
    if (!chosen)
        return report_error(chosen.error());
    std::vector<Scenario> scenarios = chosen.take();
    if (Status applied = apply_overrides(arguments.overrides, arguments.seed, scenarios); !applied)
        return report_error(applied.error());
    const std::string run_id = random_id();
    auto store = open_store(arguments, run_id);
    if (!store)
        return report_error(store.error());
    watch_for_stop();
    StreamSink error_stream(stderr, "standard error");
    LiveDisplay display(live_options(terminal), monotonic_ms, error_stream);
    auto outcome = sweep_into(arguments, scenarios, *store.value(),
                              arguments.is_quiet ? nullptr : &display, run_id, command_line);
    if (!outcome) {
        print_err(fmt::format(
            "dearth: finished trials are kept in {}; `dearth run --resume --db {}` goes on\n",
            store.value()->path(), store.value()->path()));
        return report_error(outcome.error());
    }
    const StoreSource source(store.value()->reader());
    if (Status written = write_reports(source, reports.value(), terminal, store.value()->path());
        !written)
        return report_error(written.error());
    if (Status closed = store.value()->close(); !closed)
        return report_error(closed.error());
    if (outcome.value().code == ExitCode::kInterrupted)
        print_err(fmt::format(
            "dearth: interrupted; `dearth run --resume --db {}` with the same paths goes on\n",
            store.value()->path()));
    return outcome.value().code;
}

}  // namespace dearth::harness
