#include "harness/cli/scenario_choice.h"

#include <fnmatch.h>

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/scenario/scenario_files.h"
#include "harness/scenario/scenario_loader.h"
#include "harness/scenario/scenario_values.h"

namespace dearth::harness {
namespace {

Error usage(std::string message, std::string next_step) {
    return {ErrorClass::kUsage, std::move(message), std::move(next_step)};
}

bool matches_any(const std::vector<std::string>& globs, const std::string& text) {
    return globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
               return fnmatch(glob.c_str(), text.c_str(), 0) == 0;
           });
}

bool has_tag(const Scenario& scenario, const std::vector<std::string>& tags) {
    return tags.empty() || std::ranges::any_of(tags, [&](const std::string& tag) {
               return std::ranges::find(scenario.tags, tag) != scenario.tags.end();
           });
}

Status set_points(const std::string& text, Injection& injection) {
    if (const auto choice = points_from_text(text)) {
        injection.points = choice->selection;
        injection.sample_count = choice->sample_count;
        return Done{};
    }
    if (const auto range = ordinals_from_text(text)) {
        injection.points = PointSelection::kAll;
        injection.first = range->first;
        injection.last = range->last;
        injection.step = 1;
        return Done{};
    }
    return usage(
        fmt::format("read --points `{}`", text),
        "write all, sites, 17, 1..200, 40.. or sample:100; ordinals begin at 1 and ascend");
}

Status set_kinds(const std::string& text, Injection& injection) {
    injection.kinds.clear();
    for (const std::string_view word : split(text, ',')) {
        const auto kind = sweep_kind_from_text(trim(word));
        if (!kind)
            return usage(fmt::format("read --kind `{}`", word),
                         "write once, persistent, sticky or burst=K, separated by commas");
        injection.kinds.push_back(*kind);
    }
    return Done{};
}

void set_guard(const std::string& word, Scenario& scenario) {
    Guard& guard = scenario.guard;
    if (word.empty())
        return;
    guard.is_on = word != "off";
    guard.way = word == "both" ? GuardWay::kBoth : GuardWay::kBytes;
    if (word == "page")  // under a name that tells a replay of it
        scenario = page_pass(std::move(scenario), guard.page_side);
}

// A schedule in text form becomes what the same text means in a scenario file.
Result<Injection> injection_from_text(const std::string& text) {
    dearth_schedule schedule = {};
    char error[256];
    size_t offset = 0;
    if (dearth_schedule_parse(text.c_str(), &schedule, error, sizeof error, &offset) != 0)
        return usage(fmt::format("read --inject: {}\n  {}\n  {:>{}}", error, printable_text(text),
                                 "^", offset + 1),
                     "scenarios/README.md lists the fields");
    std::string quoted = text;
    for (size_t at = quoted.find('\''); at != std::string::npos; at = quoted.find('\'', at + 2))
        quoted.insert(at, "'");
    LoadReport report = read_scenario_text(
        "--inject",
        fmt::format("version: 1\ntarget: {{engine: c-api, run: [none]}}\ninject: {{text: '{}'}}\n",
                    quoted));
    if (!report.ok())
        return usage(format_diagnostics(report.diagnostics),
                     "scenarios/README.md lists the fields");
    return report.scenarios.front().injection;
}

Result<std::vector<Scenario>> load_scripts_with_engine(const ScenarioChoice& choice) {
    std::vector<Scenario> scenarios;
    for (const std::string& path : choice.paths) {
        auto scenario =
            scenario_for_script(path, choice.engine == "lua" ? Engine::kLua : Engine::kPython);
        if (!scenario)
            return scenario.error();
        scenarios.push_back(scenario.take());
    }
    return scenarios;
}

Result<std::vector<Scenario>> load_choice(const ScenarioChoice& choice) {
    if (!choice.command.empty())
        return std::vector<Scenario>{scenario_for_command(choice.command)};
    return choice.engine.empty() ? load_scenario_paths(choice.paths)
                                 : load_scripts_with_engine(choice);
}

}  // namespace

Result<std::vector<Scenario>> choose_scenarios(const ScenarioChoice& choice) {
    if (choice.paths.empty() && choice.command.empty())
        return usage("run: no scenario named",
                     "dearth run -- ./program, dearth run script.lua, dearth run scenarios/lua/, "
                     "or dearth run FILE.dearth.yaml");
    auto loaded = load_choice(choice);
    if (!loaded)
        return loaded.error();
    std::vector<Scenario> scenarios = loaded.take();
    const size_t all = scenarios.size();
    std::erase_if(scenarios, [&](const Scenario& scenario) {
        return !matches_any(choice.names, scenario.name) || !has_tag(scenario, choice.tags);
    });
    if (scenarios.empty())
        return Error{ErrorClass::kNothing,
                     fmt::format("find a scenario: none of {} matches --name or --tag",
                                 plural(all, "scenario")),
                     "dearth list PATH shows names and tags"};
    return scenarios;
}

Result<Scenario> load_named_scenario(const std::string& path, const std::string& name,
                                     Engine engine) {
    if (!is_scenario_path(path)) {
        auto scenario = scenario_for_script(path, engine);
        return scenario ? pass_or_itself(scenario.take(), name) : scenario;
    }
    const std::vector<std::string> paths = {path};
    auto loaded = load_scenario_paths(paths);
    if (!loaded)
        return loaded.error();
    for (Scenario& scenario : loaded.value()) {
        if (scenario.name == name)
            return std::move(scenario);
        if (auto pass = page_pass_named(scenario, name))
            return *std::move(pass);
    }
    return usage(fmt::format("find scenario {} in {}: it is not there any more", name, path),
                 "run the sweep again");
}

Scenario pass_or_itself(Scenario scenario, const std::string& name) {
    auto pass = page_pass_named(scenario, name);
    return pass ? *std::move(pass) : scenario;
}

Status apply_overrides(const ScenarioOverrides& overrides, uint64_t seed,
                       std::vector<Scenario>& scenarios) {
    for (Scenario& scenario : scenarios) {
        if (!overrides.inject.empty()) {
            auto injection = injection_from_text(overrides.inject);
            if (!injection)
                return injection.error();
            scenario.injection = injection.take();
        }
        if (!overrides.points.empty()) {
            if (Status set = set_points(overrides.points, scenario.injection); !set)
                return set;
        }
        if (!overrides.kinds.empty()) {
            if (Status set = set_kinds(overrides.kinds, scenario.injection); !set)
                return set;
        }
        set_guard(overrides.guard, scenario);
        if (overrides.deadline_ms != 0)
            scenario.limits.timeout_ms = overrides.deadline_ms;
        if (seed != 0) {
            scenario.injection.sample_seed = seed;
            const uint64_t count = scenario.injection.seed_last - scenario.injection.seed_first;
            scenario.injection.seed_first = seed;
            scenario.injection.seed_last = seed + count;
        }
    }
    scenarios = guard_passes(std::move(scenarios));
    return Done{};
}

}  // namespace dearth::harness
