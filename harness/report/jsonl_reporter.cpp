// One function an event; a line is written as soon as it is made.
#include "harness/report/jsonl_reporter.h"

#include <string>

#include "dearth/schedule.h"
#include "harness/report/json_text.h"
#include "harness/report/report_words.h"

namespace dearth::harness {
namespace {

constexpr std::string_view kSchema = "dearth.events/1";

void end_line(JsonText& json, TextSink& sink) {
    json.end_object();
    sink.write(json.take() + '\n');
}

JsonText begin_line(std::string_view event) {
    JsonText json;
    json.begin_object().field("event", event);
    return json;
}

void add_frames(JsonText& json, std::string_view name, const std::vector<SymbolFrame>& frames) {
    json.key(name).begin_array();
    for (const SymbolFrame& frame : frames) {
        json.begin_object();
        if (!frame.function.empty())
            json.field("function", frame.function);
        if (!frame.file.empty())
            json.field("file", frame.file);
        if (frame.line > 0)
            json.key("line").integer(int64_t{frame.line});
        if (!frame.module.empty())
            json.field("module", frame.module);
        json.field("offset", frame.offset).end_object();
    }
    json.end_array();
}

void add_verdicts(JsonText& json, const VerdictCounts& counts) {
    json.key("verdicts").begin_object();
    for (const VerdictRow& row : verdict_rows()) {
        if (const uint64_t count = counts[static_cast<size_t>(row.verdict)]; count > 0)
            json.field(row.name, count);
    }
    json.end_object();
}

void write_run_started(const RunFacts& facts, TextSink& sink) {
    JsonText json;
    json.begin_object().field("schema", kSchema).field("event", "run-started");
    json.field("run", facts.start.run_id).field("version", facts.start.version);
    json.field("command", facts.start.command_line).field("seed", facts.start.seed);
    json.field("jobs", uint64_t{facts.start.jobs});
    json.field("started", utc_text(facts.start.started_unix_ms));
    end_line(json, sink);
}

void write_scenario_started(const ScenarioFacts& facts, TextSink& sink) {
    JsonText json = begin_line("scenario-started");
    json.field("scenario", facts.name).field("file", facts.file);
    json.field("engine", engine_word(facts.engine));
    json.field("strategy", strategy_name(facts.strategy));
    json.field("requests", facts.baseline.requests).field("selected", facts.baseline.selected);
    json.field("sites", facts.baseline.sites_seen).field("planned", facts.planned_trials);
    json.key("notes").begin_array();
    for (const std::string& note : facts.notes)
        json.string(note);
    json.end_array();
    end_line(json, sink);
}

void write_trial(const std::string& scenario, const TrialFinished& trial, TextSink& sink) {
    const char* phase = dearth_phase_name(trial.phase);
    JsonText json = begin_line("trial");
    json.field("scenario", scenario).field("ordinal", trial.point.ordinal);
    json.hex_field("site", trial.site).field("phase", phase != nullptr ? phase : "");
    json.field("kind", sweep_kind_text(trial.point.kind));
    json.field("strategy", strategy_name(trial.strategy));
    json.field("verdict", verdict_name(trial.verdict));
    json.key("ms").number(static_cast<double>(trial.elapsed_us) / 1'000, 3);
    if (trial.point.ordinal == 0)
        json.field("seed", trial.point.seed);
    if (trial.point.occurrence != 0)
        json.field("occurrence", trial.point.occurrence);
    end_line(json, sink);
}

void write_finding(const std::string& scenario, const Finding& finding, TextSink& sink) {
    JsonText json = begin_line("finding");
    json.field("id", finding.id).field("rule", verdict_row(finding.verdict).rule);
    json.field("verdict", verdict_name(finding.verdict)).field("scenario", scenario);
    json.field("ordinal", finding.point.ordinal);
    add_frames(json, "injected", finding.injected);
    add_frames(json, "detected", finding.detected);
    json.field("script", finding.script.empty() ? "" : script_place(finding.script.front()));
    json.field("replay", "dearth replay " + finding.id);
    json.field("kind", sweep_kind_text(finding.point.kind)).field("detail", finding.detail);
    json.field("disposition", disposition_word(finding.disposition));
    json.field("trials", finding.trial_count).field("replays", uint64_t{finding.replays});
    json.field("replays_agreeing", uint64_t{finding.replays_agreeing});
    end_line(json, sink);
}

void write_scenario_finished(const ScenarioFacts& facts, TextSink& sink) {
    JsonText json = begin_line("scenario-finished");
    json.field("scenario", facts.name).field("trials", facts.outcome.trials);
    add_verdicts(json, facts.outcome.verdicts);
    json.field("sites_seen", facts.outcome.sites_seen);
    json.field("sites_failed", facts.outcome.sites_failed);
    json.field("unexplored", facts.outcome.unexplored).field("problem", facts.outcome.problem);
    end_line(json, sink);
}

void write_run_finished(const RunFacts& facts, const RunTotals& totals, TextSink& sink) {
    JsonText json = begin_line(facts.finish ? "run-finished" : "run-interrupted");
    if (facts.finish)
        json.key("exit").integer(int64_t{facts.finish->exit_code});
    json.field("trials", totals.trials);
    add_verdicts(json, totals.verdicts);
    json.field("sites_seen", totals.sites_seen).field("sites_failed", totals.sites_failed);
    if (facts.finish) {
        json.key("cpu_s").number(facts.finish->cpu_s, 3);
        json.key("wall_s").number(facts.finish->wall_s, 3);
    }
    end_line(json, sink);
}

}  // namespace

Status write_jsonl_report(const RunSource& source, TextSink& sink) {
    const Result<RunFacts> run = source.run();
    if (!run)
        return run.error();
    const Result<std::vector<ScenarioFacts>> scenarios = source.scenarios();
    if (!scenarios)
        return scenarios.error();
    write_run_started(run.value(), sink);
    for (const ScenarioFacts& facts : scenarios.value()) {
        write_scenario_started(facts, sink);
        Status status =
            source.for_each_trial(facts.scenario_index, [&](const TrialFinished& trial) -> Status {
                write_trial(facts.name, trial, sink);
                return Done{};
            });
        if (!status)
            return status;
        status =
            source.for_each_finding(facts.scenario_index, [&](const Finding& finding) -> Status {
                write_finding(facts.name, finding, sink);
                return Done{};
            });
        if (!status)
            return status;
        if (facts.is_finished)
            write_scenario_finished(facts, sink);
    }
    write_run_finished(run.value(), totals_of(scenarios.value()), sink);
    return sink.finish();
}

}  // namespace dearth::harness
