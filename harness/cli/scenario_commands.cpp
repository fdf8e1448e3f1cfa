// Commands that read scenarios and sweep nothing: check, list, plan, schema.
#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/scenario_choice.h"
#include "harness/cli/stop_signal.h"
#include "harness/scenario/scenario_loader.h"
#include "harness/scenario/scenario_schema.h"
#include "harness/sweep/baseline_run.h"
#include "harness/sweep/sweep_plan.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kPlanDeadlineMs = 30'000;

std::string kinds_text(const Injection& injection) {
    if (!injection.is_sweep)
        return "schedule";
    std::vector<std::string> words;
    for (const SweepKind& kind : injection.kinds)
        words.push_back(sweep_kind_text(kind));
    return join(std::span<const std::string>(words), ", ");
}

Result<std::string> plan_of(const Scenario& scenario, uint64_t& trials) {
    auto made = make_setup(scenario);
    if (!made)
        return made.error();
    TargetSetup setup = made.take();
    for (const std::string& warning : setup.program.start.warnings)
        print_err(fmt::format("dearth: note: {}\n", warning));
    setup.deadline_ms =
        scenario.limits.timeout_ms != 0 ? scenario.limits.timeout_ms : kPlanDeadlineMs;
    ModuleList modules;
    auto baseline = run_baseline(setup, modules, stop_was_requested);
    if (!baseline)
        return baseline.error();
    const SweepPlan plan = make_plan(scenario, baseline.value().selected);
    const Baseline& facts = baseline.value().baseline;
    trials += plan.trial_count();
    return fmt::format(
        "{:<28} {:>7} requests, {:>6} in the window, {:>5} call sites, {:>7} trials ({}){}\n",
        scenario.name, facts.requests, facts.selected, facts.sites_seen, plan.trial_count(),
        kinds_text(scenario.injection),
        facts.is_repeatable ? "" : "; not repeatable: " + facts.drift);
}

}  // namespace

ExitCode check_command(const CheckArguments& arguments, const Terminal&) {
    const LoadReport report = read_scenario_paths(arguments.choice.paths);
    if (!report.ok()) {
        print_err(format_diagnostics(report.diagnostics) + "\n");
        print_err(fmt::format("{} in {}\n", plural(report.diagnostics.size(), "error"),
                              plural(report.files, "file")));
        return exit_code_of(report.error_class);
    }
    print_out(fmt::format("{} in {}: no errors\n", plural(report.scenarios.size(), "scenario"),
                          plural(report.files, "file")));
    return ExitCode::kPassed;
}

ExitCode list_command(const ListArguments& arguments, const Terminal&) {
    const auto scenarios = choose_scenarios(arguments.choice);
    if (!scenarios)
        return report_error(scenarios.error());
    for (const Scenario& scenario : scenarios.value()) {
        const std::string tags =
            scenario.tags.empty()
                ? std::string()
                : " [" + join(std::span<const std::string>(scenario.tags), ", ") + "]";
        print_out(fmt::format("{:<28} {}{}\n", scenario.name, scenario.description, tags));
    }
    return ExitCode::kPassed;
}

ExitCode plan_command(const PlanArguments& arguments, const Terminal&) {
    auto chosen = choose_scenarios(arguments.choice);
    if (!chosen)
        return report_error(chosen.error());
    std::vector<Scenario> scenarios = chosen.take();
    if (Status applied = apply_overrides(arguments.overrides, 0, scenarios); !applied)
        return report_error(applied.error());
    uint64_t trials = 0;
    ExitCode code = ExitCode::kPassed;
    for (const Scenario& scenario : scenarios) {
        const auto text = plan_of(scenario, trials);
        if (text)
            print_out(text.value());
        else
            code = report_error(text.error());
    }
    print_out(
        fmt::format("{} in {}\n", plural(trials, "trial"), plural(scenarios.size(), "scenario")));
    return code;
}

ExitCode schema_command() {
    print_out(scenario_schema_text());
    return ExitCode::kPassed;
}

}  // namespace dearth::harness
