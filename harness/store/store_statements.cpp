// Every statement that changes a results file, in one table.
#include "harness/store/store_statements.h"

namespace dearth::harness {

Error failed_step(const SqliteDatabase& database, SqliteStatement& statement) {
    Error error = database.last_error(kWriteAttempt);
    statement.reset();
    return error;
}

Status finish_step(const SqliteDatabase& database, SqliteStatement& statement) {
    if (statement.step() == SqliteStatement::Step::kFailed)
        return failed_step(database, statement);
    statement.reset();
    return Done{};
}

void bind_point(SqliteStatement& statement, uint64_t scenario_id, const TrialPoint& point,
                std::string_view kind) {
    statement.integer(scenario_id).integer(point.ordinal).text(kind).integer(point.seed);
    statement.integer(point.site).integer(point.occurrence);
}

const std::array<ResultStore::Statements::Row, 24> ResultStore::Statements::kAll = {{
    // There is one row, rowid 1. A resumed run keeps its id, its start and its first seed.
    {&Statements::run,
     "INSERT INTO run (rowid, run_id, command_line, version, seed, jobs, started_unix_ms, "
     "sessions, exit_code, exit_reason, cpu_s, wall_s) "
     "VALUES (1, ?, ?, ?, ?, ?, ?, 1, NULL, NULL, 0, 0) "
     "ON CONFLICT (rowid) DO UPDATE SET version = excluded.version, jobs = excluded.jobs, "
     "sessions = sessions + 1, exit_code = NULL, exit_reason = NULL"},
    {&Statements::run_end,
     "UPDATE run SET exit_code = ?, exit_reason = ?, cpu_s = cpu_s + ?, wall_s = wall_s + ?"},
    {&Statements::scenario,
     "INSERT INTO scenario VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
     "0, 0, 0, 0, '', 0) "
     "ON CONFLICT (id) DO UPDATE SET description = excluded.description, tags = excluded.tags, "
     "file = excluded.file, fingerprint = excluded.fingerprint, engine = excluded.engine, "
     "engine_version = excluded.engine_version, strategy = excluded.strategy, "
     "planned_trials = excluded.planned_trials, resumed_trials = excluded.resumed_trials, "
     "requests = excluded.requests, selected = excluded.selected, "
     "baseline_sites = excluded.baseline_sites, baseline_ms = excluded.baseline_ms, "
     "is_repeatable = excluded.is_repeatable, drift = excluded.drift, "
     "baseline_out = excluded.baseline_out, baseline_err = excluded.baseline_err, "
     "is_finished = 0, problem = '', problem_exit = 0"},
    {&Statements::command, "INSERT OR REPLACE INTO command VALUES (?, ?, ?)"},
    {&Statements::note, "INSERT INTO note VALUES (?, ?, ?)"},
    {&Statements::forget_notes, "DELETE FROM note WHERE scenario_id = ?"},
    {&Statements::scenario_end,
     "UPDATE scenario SET is_finished = 1, sites_seen = ?, sites_failed = ?, unexplored = ?, "
     "problem = ?, problem_exit = ? WHERE id = ?"},
    {&Statements::same_name,
     "SELECT id, fingerprint = ?3 FROM scenario WHERE name = ?1 AND (file = ?2 OR fingerprint = "
     "?3) ORDER BY 2 DESC, id"},
    {&Statements::next_scenario, "SELECT ifnull(max(id) + 1, 0) FROM scenario"},
    {&Statements::trial,
     "INSERT OR REPLACE INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    {&Statements::trial_finding, "INSERT INTO finding_trial VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
    {&Statements::forget_trial_findings,
     "DELETE FROM finding_trial WHERE scenario_id = ? AND ordinal = ? AND kind = ? AND seed = ? "
     "AND by_site = ? AND occurrence = ?"},
    {&Statements::finding,
     "INSERT INTO finding (id, scenario_id, verdict, rule, detail, kind, ordinal, seed, by_site, "
     "occurrence, phase, op, domain, thread, size_bytes, align_bytes, live_bytes, site, schedule, "
     "error_text, trial_count, replays, replays_agreeing, disposition, known_reason) "
     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
     "ON CONFLICT (id, scenario_id) DO UPDATE SET verdict = excluded.verdict, "
     "rule = excluded.rule, detail = excluded.detail, kind = excluded.kind, "
     "ordinal = excluded.ordinal, seed = excluded.seed, by_site = excluded.by_site, "
     "occurrence = excluded.occurrence, phase = excluded.phase, op = excluded.op, "
     "domain = excluded.domain, thread = excluded.thread, size_bytes = excluded.size_bytes, "
     "align_bytes = excluded.align_bytes, live_bytes = excluded.live_bytes, "
     "site = excluded.site, schedule = excluded.schedule, error_text = excluded.error_text, "
     "trial_count = excluded.trial_count, replays = excluded.replays, "
     "replays_agreeing = excluded.replays_agreeing, disposition = excluded.disposition, "
     "known_reason = excluded.known_reason"},
    {&Statements::finding_stub,
     "INSERT INTO finding (id, scenario_id) VALUES (?, ?) ON CONFLICT DO NOTHING"},
    {&Statements::finding_serial, "SELECT serial FROM finding WHERE id = ? AND scenario_id = ?"},
    {&Statements::frame, "INSERT INTO frame VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
    {&Statements::script_frame, "INSERT INTO script_frame VALUES (?, ?, ?, ?, ?)"},
    {&Statements::forget_frames, "DELETE FROM frame WHERE finding = ?"},
    {&Statements::forget_script_frames, "DELETE FROM script_frame WHERE finding = ?"},
    {&Statements::clear_frames,
     "DELETE FROM frame WHERE finding IN (SELECT serial FROM finding WHERE scenario_id = ?)"},
    {&Statements::clear_script_frames,
     "DELETE FROM script_frame WHERE finding IN (SELECT serial FROM finding WHERE scenario_id = "
     "?)"},
    {&Statements::clear_finding_trials, "DELETE FROM finding_trial WHERE scenario_id = ?"},
    {&Statements::clear_findings, "DELETE FROM finding WHERE scenario_id = ?"},
    {&Statements::clear_trials, "DELETE FROM trial WHERE scenario_id = ?"},
}};

}  // namespace dearth::harness
