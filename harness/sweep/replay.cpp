#include "harness/sweep/replay.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "harness/oracle/oracle_list.h"
#include "harness/sweep/baseline_run.h"
#include "harness/sweep/exec_pool.h"
#include "harness/triage/deduplicate.h"
#include "harness/triage/symbolizer.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kReplayDeadlineMs = 30'000;
constexpr uint64_t kDebugDeadlineMs = 24ull * 3600 * 1000;  // a person thinks in between

// The schedule as it was recorded: the scenario's window may have been another one then (--inject).
std::optional<dearth_schedule> recorded_schedule(const Finding& finding) {
    dearth_schedule schedule = {};
    char error[256];
    size_t offset = 0;
    if (finding.schedule_text.empty() ||
        dearth_schedule_parse(finding.schedule_text.c_str(), &schedule, error, sizeof error,
                              &offset) != 0)
        return std::nullopt;
    return schedule;
}

Result<TargetSetup> setup_for(const Scenario& scenario, const Finding& finding) {
    auto made = make_setup(scenario);
    if (!made)
        return made.error();
    TargetSetup setup = made.take();
    setup.captures_free_stacks = true;
    setup.schedule = recorded_schedule(finding);
    setup.deadline_ms =
        scenario.limits.timeout_ms != 0 ? scenario.limits.timeout_ms : kReplayDeadlineMs;
    return setup;
}

// gdb passes open descriptors on to the program, and turns address randomization off itself.
SpawnRequest debugger_request(const SpawnRequest& target) {
    SpawnRequest request;
    request.program = "/usr/bin/gdb";
    request.is_foreground = true;
    request.arguments = {"-q", "-iex", "set breakpoint pending on", "-ex",
                         "break dearth_on_injected_fault"};
    for (const auto& [name, value] : target.environment) {
        request.arguments.emplace_back("-iex");
        request.arguments.push_back(fmt::format("set environment {} {}", name, value));
    }
    // gdb would add the terminal's size to the environment; a target may ask for memory to copy it.
    for (const char* command :
         {"set startup-with-shell off", "unset environment LINES", "unset environment COLUMNS"}) {
        request.arguments.emplace_back("-ex");
        request.arguments.emplace_back(command);
    }
    request.arguments.insert(request.arguments.end(),
                             {"-ex", "run", "-ex", "backtrace 16", "--args", target.program});
    request.arguments.insert(request.arguments.end(), target.arguments.begin(),
                             target.arguments.end());
    request.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/"}};
    for (const char* name : {"TERM", "HOME", "DEBUGINFOD_URLS"}) {
        if (const char* value = std::getenv(name))
            request.environment[name] = value;
    }
    for (const auto& [ours, theirs] : target.descriptors) {
        if (theirs > STDERR_FILENO)
            request.descriptors.emplace_back(ours, theirs);
    }
    return request;
}

}  // namespace

Result<ReplayResult> replay_finding(const Scenario& scenario, const Finding& finding,
                                    uint64_t recorded_site, const std::string& today,
                                    bool (*should_stop)()) {
    auto made = setup_for(scenario, finding);
    if (!made)
        return made.error();
    TargetSetup setup = made.take();
    ModuleList modules;
    auto baseline = run_baseline(setup, modules, should_stop);
    if (!baseline)
        return baseline.error();
    setup.leftovers = baseline.value().leftovers;
    ReplayResult result;
    result.baseline = baseline.value().baseline;
    const Judge judge(scenario, result.baseline);
    Symbolizer symbolizer;
    FindingCollector collector(modules.modules(), symbolizer, today);
    bool is_done = false;
    ExecPool pool(setup, modules, 1);
    const auto next = [&]() -> std::optional<TrialPoint> {
        if (std::exchange(is_done, true))
            return std::nullopt;
        return finding.point;
    };
    const auto done = [&](TrialRecord record) -> Status {
        result.judgement = judge.judge(record);
        for (const Sighting& sighting : collector.add(scenario, record, result.judgement)) {
            result.is_shown_again |= sighting.id == finding.id;
            if (sighting.finding != nullptr)
                result.findings.push_back(*sighting.finding);
        }
        result.record = std::move(record);
        return Done{};
    };
    if (Status status = pool.run(next, done, should_stop); !status)
        return status.error();
    result.landed_elsewhere = recorded_site != 0 && result.record.slot.injected_count > 0 &&
                              result.record.slot.injected.site != recorded_site;
    return result;
}

Result<int> debug_finding(const Scenario& scenario, const Finding& finding) {
    auto made = setup_for(scenario, finding);
    if (!made)
        return made.error();
    TargetSetup setup = made.take();
    setup.deadline_ms = kDebugDeadlineMs;
    if (access("/usr/bin/gdb", X_OK) != 0)
        return Error{ErrorClass::kUsage, "start gdb: not installed", "apt-get install gdb"};
    auto prepared = TargetRun::prepare_single(setup, finding.point);
    if (!prepared)
        return prepared.error();
    ControlPage page = prepared.take();
    page.seal();
    auto process = ChildProcess::spawn(debugger_request(spawn_request(setup, page)));
    if (!process)
        return process.error();
    // Ctrl-C belongs to the debugger while it runs.
    struct sigaction ignore = {};
    struct sigaction before = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &before);
    const ExitReport exit = process.value().wait();
    sigaction(SIGINT, &before, nullptr);
    return exit.was_signaled ? 128 + exit.code : exit.code;
}

}  // namespace dearth::harness
