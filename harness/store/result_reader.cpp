// Runs, scenarios and trials. Counts are always made from the trials themselves, so that a run
// that was killed tells the truth too. Findings are read in finding_reader.cpp.
#include "harness/store/result_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/store/result_words.h"
#include "harness/store/results_path.h"
#include "harness/store/row_parser.h"
#include "harness/store/sqlite_database.h"

namespace dearth::harness {
namespace {

using Step = SqliteStatement::Step;

constexpr std::string_view kScenarioColumns =
    "SELECT id, name, file, description, tags, fingerprint, engine, engine_version, strategy, "
    "planned_trials, resumed_trials, requests, selected, baseline_sites, baseline_ms, "
    "is_repeatable, drift, baseline_out, baseline_err, is_finished, sites_seen, sites_failed, "
    "unexplored, problem, problem_exit FROM scenario ORDER BY id";

ScenarioFacts scenario_of(RowParser& row) {
    ScenarioFacts facts;
    facts.scenario_index = static_cast<size_t>(row.integer());
    facts.name = row.text();
    facts.file = row.text();
    facts.description = row.text();
    facts.tags = tags_from_text(row.text());
    facts.fingerprint_text = row.text();
    facts.engine = row.word("engine", engine_from_word);
    facts.baseline.engine_version = row.text();
    facts.strategy = row.word("strategy", strategy_from_word);
    facts.planned_trials = row.integer();
    facts.resumed_trials = row.integer();
    facts.baseline.requests = row.integer();
    facts.baseline.selected = row.integer();
    facts.baseline.sites_seen = row.integer();
    facts.baseline.elapsed_ms = row.integer();
    facts.baseline.is_repeatable = row.integer() != 0;
    facts.baseline.drift = row.text();
    facts.baseline.out = row.text();
    facts.baseline.err = row.text();
    facts.is_finished = row.integer() != 0;
    facts.outcome.scenario_index = facts.scenario_index;
    facts.outcome.sites_seen = row.integer();
    facts.outcome.sites_failed = row.integer();
    facts.outcome.unexplored = row.integer();
    facts.outcome.problem = row.text();
    facts.outcome.problem_exit = static_cast<int>(row.integer());
    return facts;
}

Status count_trials(SqliteDatabase& database, ScenarioFacts& facts) {
    Result<SqliteStatement> counts = database.prepare(
        "SELECT verdict, count(*) FROM trial WHERE scenario_id = ? GROUP BY verdict", kReadAttempt);
    if (!counts)
        return counts.error();
    RowParser row(database, counts.value());
    counts.value().integer(facts.scenario_index);
    while (row.next()) {
        const Verdict verdict = row.word("verdict", verdict_from_name);
        const uint64_t count = row.integer();
        facts.outcome.verdicts[static_cast<size_t>(verdict)] += count;
        facts.outcome.trials += count;
    }
    if (!row.status())
        return row.status();

    Result<SqliteStatement> sites = database.prepare(
        "SELECT count(DISTINCT site) FROM trial WHERE scenario_id = ? AND site <> 0 AND verdict "
        "<> 'not-reached'",
        kReadAttempt);
    if (!sites)
        return sites.error();
    RowParser site_row(database, sites.value());
    sites.value().integer(facts.scenario_index);
    if (site_row.next())
        facts.outcome.sites_failed = std::max(facts.outcome.sites_failed, site_row.integer());
    if (!facts.is_finished) {
        facts.outcome.sites_seen = facts.baseline.sites_seen;
        facts.outcome.unexplored =
            facts.planned_trials - std::min(facts.planned_trials, facts.outcome.trials);
    }
    return site_row.status();
}

TrialPoint point_of(RowParser& row) {
    TrialPoint point;
    point.ordinal = row.integer();
    point.kind = row.kind();
    point.seed = row.integer();
    point.site = row.integer();
    point.occurrence = row.integer();
    return point;
}

bool is_same_point(const TrialPoint& a, const TrialPoint& b) {
    return a.ordinal == b.ordinal && a.kind == b.kind && a.seed == b.seed && a.site == b.site &&
           a.occurrence == b.occurrence;
}

// A file of an older dearth has no notes.
Result<bool> has_notes(SqliteDatabase& database) {
    Result<SqliteStatement> statement = database.prepare(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'note'", kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(database, statement.value());
    const bool is_there = row.next() && row.integer() != 0;
    if (!row.status())
        return row.status().error();
    return is_there;
}

Status read_notes(SqliteDatabase& database, ScenarioFacts& facts) {
    Result<SqliteStatement> statement = database.prepare(
        "SELECT text FROM note WHERE scenario_id = ? ORDER BY place", kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(database, statement.value());
    statement.value().integer(facts.scenario_index);
    while (row.next())
        facts.notes.push_back(row.text());
    return row.status();
}

}  // namespace

ResultReader::ResultReader(std::shared_ptr<SqliteDatabase> database)
    : database_(std::move(database)) {}

Result<ResultReader> ResultReader::open_existing(const std::string& path) {
    if (Status status = check_results_file(path); !status)
        return status.error();
    auto database = std::make_shared<SqliteDatabase>();
    ResultReader reader(database);
    std::optional<Error> first_error;
    // A file in a folder that cannot be written has to be taken as unchanging. That is only true
    // when no trials wait in a side file.
    for (const auto mode :
         {SqliteDatabase::Mode::kReadOnly, SqliteDatabase::Mode::kReadOnlyUnchanging}) {
        if (mode == SqliteDatabase::Mode::kReadOnlyUnchanging && !stands_alone(path))
            break;
        Result<SqliteDatabase> opened = SqliteDatabase::open(path, mode);
        if (opened) {
            *database = opened.take();
            Result<RunFacts> facts = reader.run();
            if (facts)
                return reader;
            first_error = first_error.value_or(facts.error());
        } else {
            first_error = first_error.value_or(opened.error());
        }
    }
    return *first_error;
}

Result<RunFacts> ResultReader::run() const {
    Result<SqliteStatement> statement = database_->prepare(
        "SELECT run_id, command_line, version, seed, jobs, started_unix_ms, sessions, exit_code, "
        "exit_reason, cpu_s, wall_s FROM run",
        kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(*database_, statement.value());
    RunFacts facts;
    if (!row.next()) {
        if (!row.status())
            return row.status().error();
        return Error{ErrorClass::kUsage,
                     fmt::format("{} {}: the run that made it stopped before it began",
                                 kReadAttempt, database_->path()),
                     "delete it and run again"};
    }
    facts.start.run_id = row.text();
    facts.start.command_line = row.text();
    facts.start.version = row.text();
    facts.start.seed = row.integer();
    facts.start.jobs = static_cast<uint32_t>(row.integer());
    facts.start.started_unix_ms = row.integer();
    facts.sessions = row.integer();
    const bool is_finished = !statement.value().is_null_at(7);
    RunFinished finish;
    finish.exit_code = static_cast<int>(row.integer());
    finish.exit_reason = row.text();
    finish.cpu_s = row.real();
    finish.wall_s = row.real();
    if (is_finished)
        facts.finish = finish;
    return facts;
}

Result<std::vector<ScenarioFacts>> ResultReader::scenarios() const {
    Result<SqliteStatement> statement = database_->prepare(kScenarioColumns, kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(*database_, statement.value());
    std::vector<ScenarioFacts> scenarios;
    while (row.next())
        scenarios.push_back(scenario_of(row));
    if (!row.status())
        return row.status().error();
    const Result<bool> notes = has_notes(*database_);
    if (!notes)
        return notes.error();
    for (ScenarioFacts& facts : scenarios) {
        if (Status status = count_trials(*database_, facts); !status)
            return status.error();
        if (!notes.value())
            continue;
        if (Status status = read_notes(*database_, facts); !status)
            return status.error();
    }
    return scenarios;
}

Status ResultReader::for_each_trial(size_t scenario_index, const TrialCallback& callback) const {
    Result<SqliteStatement> statement = database_->prepare(
        "SELECT t.ordinal, t.kind, t.seed, t.by_site, t.occurrence, t.site, t.phase, t.strategy, "
        "t.verdict, t.elapsed_us, t.detail, f.id FROM trial t "
        "LEFT JOIN finding_trial ft USING (scenario_id, ordinal, kind, seed, by_site, occurrence) "
        "LEFT JOIN finding f ON f.serial = ft.finding WHERE t.scenario_id = ? "
        "ORDER BY t.ordinal, t.kind, t.seed, t.by_site, t.occurrence, ft.place",
        kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(*database_, statement.value());
    statement.value().integer(scenario_index);
    std::optional<TrialFinished> trial;
    while (row.next()) {
        const TrialPoint point = point_of(row);
        if (trial && !is_same_point(point, trial->point)) {
            if (Status status = callback(*trial); !status)
                return status;
            trial.reset();
        }
        if (!trial) {
            trial.emplace();
            trial->scenario_index = scenario_index;
            trial->point = point;
            trial->site = row.integer();
            trial->phase = row.word("phase", phase_from_word);
            trial->strategy = row.word("strategy", strategy_from_word);
            trial->verdict = row.word("verdict", verdict_from_name);
            trial->elapsed_us = row.integer();
            trial->detail = row.text();
        }
        if (std::string id = statement.value().text_at(11); !id.empty())
            trial->finding_ids.push_back(std::move(id));
    }
    if (row.status() && trial)
        return callback(*trial);
    return row.status();
}

Result<RecordedCommand> ResultReader::command_of(size_t scenario_index) const {
    Result<SqliteStatement> statement = database_->prepare(
        "SELECT folder, arguments FROM command WHERE scenario_id = ?", kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(*database_, statement.value());
    statement.value().integer(scenario_index);
    RecordedCommand command;
    if (row.next()) {
        command.folder = row.text();
        const std::string arguments = row.text();
        for (size_t at = 0; at < arguments.size();) {
            const size_t end = std::min(arguments.find('\0', at), arguments.size());
            command.arguments.push_back(arguments.substr(at, end - at));
            at = end + 1;
        }
    }
    if (!row.status())
        return row.status().error();
    if (command.arguments.empty())
        return Error{ErrorClass::kUsage,
                     fmt::format("{} {}: which program was run is not written there", kReadAttempt,
                                 database_->path()),
                     "run the sweep again"};
    return command;
}

Result<FinishedTrials> ResultReader::finished_trials(std::string_view scenario_name,
                                                     std::string_view fingerprint_text) const {
    Result<SqliteStatement> scenario = database_->prepare(
        "SELECT id, fingerprint = ?2 FROM scenario WHERE name = ?1 ORDER BY 2 DESC, id LIMIT 1",
        kReadAttempt);
    Result<SqliteStatement> statement = database_->prepare(
        "SELECT ordinal, kind, seed, by_site, occurrence, verdict FROM trial WHERE scenario_id = "
        "? ORDER BY ordinal, kind, seed, by_site, occurrence",
        kReadAttempt);
    if (!scenario || !statement)
        return scenario ? statement.error() : scenario.error();
    FinishedTrials finished;
    RowParser scenario_row(*database_, scenario.value());
    scenario.value().text(scenario_name).text(fingerprint_text);
    if (!scenario_row.next()) {
        if (!scenario_row.status())
            return scenario_row.status().error();
        return finished;
    }
    const uint64_t scenario_id = scenario_row.integer();
    finished.has_changed = scenario_row.integer() == 0;
    if (finished.has_changed)
        return finished;

    RowParser row(*database_, statement.value());
    statement.value().integer(scenario_id);
    while (row.next()) {
        const TrialPoint point = point_of(row);
        finished.add(point, row.word("verdict", verdict_from_name));
    }
    if (!row.status())
        return row.status().error();
    return finished;
}

}  // namespace dearth::harness
