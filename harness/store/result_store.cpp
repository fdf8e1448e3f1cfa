// Opening, closing and the events. The statements that write findings are in finding_writer.cpp.
#include "harness/store/result_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/store/result_words.h"
#include "harness/store/results_path.h"
#include "harness/store/results_schema.h"
#include "harness/store/sqlite_database.h"
#include "harness/store/store_statements.h"

namespace dearth::harness {
namespace {

// A checkpoint each 16 MiB: rarer ones let the side file grow, more frequent ones cost two flushes
// to the disk each.
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4096; "
    "PRAGMA journal_size_limit = 33554432; PRAGMA cell_size_check = ON;";

// A trial that names a finding nobody described is run again, see the header.
constexpr const char* kForgetUnfinished =
    "DELETE FROM trial WHERE (scenario_id, ordinal, kind, seed, by_site, occurrence) IN "
    "(SELECT ft.scenario_id, ft.ordinal, ft.kind, ft.seed, ft.by_site, ft.occurrence "
    "FROM finding_trial ft JOIN finding f ON f.serial = ft.finding WHERE f.verdict IS NULL);"
    "DELETE FROM finding_trial WHERE (scenario_id, ordinal, kind, seed, by_site, occurrence) IN "
    "(SELECT ft.scenario_id, ft.ordinal, ft.kind, ft.seed, ft.by_site, ft.occurrence "
    "FROM finding_trial ft JOIN finding f ON f.serial = ft.finding WHERE f.verdict IS NULL);"
    "DELETE FROM finding WHERE verdict IS NULL;";

}  // namespace

ResultStore::ResultStore(std::string path) : path_(std::move(path)) {}

ResultStore::~ResultStore() {
    // The caller who cares called close(); a killed run has no such luxury either.
    static_cast<void>(close());
}

Result<std::unique_ptr<ResultStore>> ResultStore::create(const std::string& path) {
    if (Status status = make_results_file(path); !status)
        return status.error();
    std::unique_ptr<ResultStore> store(new ResultStore(path));
    if (Status status = store->open(true); !status) {
        // Without a lock the file may be another dearth's, which is just as new.
        if (store->lock_.is_open()) {
            static_cast<void>(store->close());
            forget_empty_file(path);
        }
        return status.error();
    }
    return store;
}

Result<std::unique_ptr<ResultStore>> ResultStore::open_for_resume(const std::string& path) {
    if (Status status = check_results_file(path); !status)
        return status.error();
    std::unique_ptr<ResultStore> store(new ResultStore(path));
    if (Status status = store->open(false); !status)
        return status.error();
    return store;
}

Status ResultStore::open(bool is_new) {
    Result<UniqueFd> lock = lock_results_file(path_);
    if (!lock)
        return lock.error();
    lock_ = lock.take();
    Result<SqliteDatabase> database = SqliteDatabase::open(path_, SqliteDatabase::Mode::kReadWrite);
    if (!database)
        return database.error();
    database_ = std::make_shared<SqliteDatabase>(database.take());
    if (is_new) {
        // Schema, id and format in one transaction: the file is ours, or it is empty.
        const std::string sql = fmt::format(
            "BEGIN IMMEDIATE; {} {} PRAGMA application_id = {}; PRAGMA user_version = {}; "
            "COMMIT;",
            kResultsSchema, kLaterTables, kResultsApplicationId, kResultsFormat);
        if (Status status = database_->execute(sql.c_str(), "make the results file"); !status)
            return status;
    }
    if (Status status = database_->execute(kWriterSettings, kWriteAttempt); !status)
        return status;
    reader_ = std::make_unique<ResultReader>(database_);
    if (!is_new) {
        if (Result<RunFacts> facts = reader_->run(); !facts)
            return facts.error();
        if (Status status = database_->execute(kLaterTables, kWriteAttempt); !status)
            return status;
        if (Status status = forget_unfinished_trials(); !status)
            return status;
        has_trial_findings_ = true;
    }
    return prepare_statements();
}

Status ResultStore::forget_unfinished_trials() {
    Transaction transaction(*database_);
    if (Status status = database_->execute(kForgetUnfinished, kWriteAttempt); !status)
        return status;
    return transaction.commit();
}

Status ResultStore::prepare_statements() {
    statements_ = std::make_unique<Statements>();
    for (const auto& [member, sql] : Statements::kAll) {
        Result<SqliteStatement> statement = database_->prepare(sql, kWriteAttempt);
        if (!statement)
            return statement.error();
        (*statements_).*member = statement.take();
    }
    return Done{};
}

Status ResultStore::close() {
    if (!database_)
        return Done{};
    statements_.reset();
    // A finished file is a plain one without side files, readable from any medium. While a report
    // reads it this cannot be done, and need not: the log stays valid.
    const Status status = database_->execute(
        "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 0;", "finish the results file");
    if (status)
        static_cast<void>(database_->execute("PRAGMA journal_mode = DELETE;", kWriteAttempt));
    reader_.reset();
    database_.reset();
    lock_.reset();
    return status;
}

Status ResultStore::limit_pages_for_test(uint32_t page_count) {
    return database_->execute(fmt::format("PRAGMA max_page_count = {};", page_count).c_str(),
                              kWriteAttempt);
}

Status ResultStore::consume(const SweepEvent& event) {
    if (!failure_.empty())
        return failure_.front();
    if (!database_)
        return Error{ErrorClass::kInternal, fmt::format("write results to {}: closed", path_), ""};
    Status status = std::visit([this](const auto& fact) { return write(fact); }, event);
    if (!status)
        failure_.push_back(status.error());
    return status;
}

Result<uint64_t> ResultStore::scenario_id_of(size_t scenario_index) const {
    if (scenario_index < scenario_ids_.size() && scenario_ids_[scenario_index] >= 0)
        return static_cast<uint64_t>(scenario_ids_[scenario_index]);
    return Error{
        ErrorClass::kInternal,
        fmt::format("write results to {}: scenario {} was never started", path_, scenario_index),
        ""};
}

Status ResultStore::write(const RunStarted& event) {
    SqliteStatement& statement = statements_->run;
    statement.text(event.run_id).text(event.command_line).text(event.version).integer(event.seed);
    statement.integer(event.jobs).integer(event.started_unix_ms);
    return finish_step(*database_, statement);
}

Result<uint64_t> ResultStore::place_scenario(const ScenarioStarted& event) {
    const std::string fingerprint = scenario_fingerprint_text(*event.scenario);
    SqliteStatement& rows = statements_->same_name;
    rows.text(event.scenario->name).text(event.scenario->file).text(fingerprint);
    std::optional<uint64_t> id;
    bool is_same = false;
    SqliteStatement::Step step = SqliteStatement::Step::kRow;
    while (!id && (step = rows.step()) == SqliteStatement::Step::kRow) {
        const uint64_t candidate = rows.integer_at(0);
        // Two scenarios of one session may share a name; each needs a row of its own.
        if (std::find(scenario_ids_.begin(), scenario_ids_.end(),
                      static_cast<int64_t>(candidate)) == scenario_ids_.end()) {
            id = candidate;
            is_same = rows.integer_at(1) != 0;
        }
    }
    if (step == SqliteStatement::Step::kFailed)
        return failed_step(*database_, rows);
    rows.reset();
    if (id && !is_same) {
        if (Status status = clear_scenario(*id); !status)
            return status.error();
    }
    if (!id) {
        SqliteStatement& next = statements_->next_scenario;
        if (next.step() != SqliteStatement::Step::kRow)
            return failed_step(*database_, next);
        id = next.integer_at(0);
        next.reset();
    }
    return *id;
}

Status ResultStore::clear_scenario(uint64_t scenario_id) {
    for (SqliteStatement* statement :
         {&statements_->clear_frames, &statements_->clear_script_frames,
          &statements_->clear_finding_trials, &statements_->clear_findings,
          &statements_->clear_trials}) {
        statement->integer(scenario_id);
        if (Status status = finish_step(*database_, *statement); !status)
            return status;
    }
    return Done{};
}

Status ResultStore::write_command(uint64_t scenario_id, const Scenario& scenario) {
    if (!scenario.file.empty() || scenario.target.run.empty())
        return Done{};
    std::string arguments;
    for (const std::string& argument : scenario.target.run)
        arguments.append(argument).push_back('\0');
    SqliteStatement& statement = statements_->command;
    statement.integer(scenario_id).text(scenario.folder).blob(arguments);
    return finish_step(*database_, statement);
}

Status ResultStore::write_notes(uint64_t scenario_id, const std::vector<std::string>& notes) {
    statements_->forget_notes.integer(scenario_id);
    if (Status status = finish_step(*database_, statements_->forget_notes); !status)
        return status;
    for (size_t place = 0; place < notes.size(); ++place) {
        statements_->note.integer(scenario_id).integer(place).text(notes[place]);
        if (Status status = finish_step(*database_, statements_->note); !status)
            return status;
    }
    return Done{};
}

Status ResultStore::write(const ScenarioStarted& event) {
    Transaction transaction(*database_);
    Result<uint64_t> id = place_scenario(event);
    if (!id)
        return id.error();
    const Scenario& scenario = *event.scenario;
    const Baseline& baseline = event.baseline;
    const std::string tags = tags_text(scenario.tags);
    const std::string fingerprint = scenario_fingerprint_text(scenario);
    SqliteStatement& statement = statements_->scenario;
    statement.integer(id.value()).text(scenario.name).text(scenario.file);
    statement.text(scenario.description).text(tags).text(fingerprint);
    statement.text(engine_word(scenario.target.engine)).text(baseline.engine_version);
    statement.text(strategy_name(event.strategy));
    statement.integer(event.planned_trials).integer(event.resumed_trials);
    statement.integer(baseline.requests).integer(baseline.selected);
    statement.integer(baseline.sites_seen).integer(baseline.elapsed_ms);
    statement.integer(baseline.is_repeatable ? 1 : 0).text(baseline.drift);
    statement.blob(baseline.out).blob(baseline.err);
    if (Status status = finish_step(*database_, statement); !status)
        return status;
    if (Status status = write_command(id.value(), scenario); !status)
        return status;
    if (Status status = write_notes(id.value(), event.warnings); !status)
        return status;
    if (Status status = transaction.commit(); !status)
        return status;
    if (scenario_ids_.size() <= event.scenario_index)
        scenario_ids_.resize(event.scenario_index + 1, -1);
    scenario_ids_[event.scenario_index] = static_cast<int64_t>(id.value());
    return Done{};
}

Status ResultStore::write(const TrialFinished& event) {
    const Result<uint64_t> id = scenario_id_of(event.scenario_index);
    if (!id)
        return id.error();
    const std::string kind = sweep_kind_text(event.point.kind);
    const std::string phase = phase_word(event.phase);
    SqliteStatement& statement = statements_->trial;
    bind_point(statement, id.value(), event.point, kind);
    statement.integer(event.site).text(phase).text(strategy_name(event.strategy));
    statement.text(verdict_name(event.verdict)).integer(event.elapsed_us);
    statement.text_or_null(event.detail);
    // One statement is its own transaction. More is needed only for a trial that has findings, or
    // may have had some when it was written the first time.
    if (event.finding_ids.empty() && !has_trial_findings_)
        return finish_step(*database_, statement);
    has_trial_findings_ = true;
    Transaction transaction(*database_);
    if (Status status = finish_step(*database_, statement); !status)
        return status;
    if (Status status = write_trial_findings(id.value(), event); !status)
        return status;
    return transaction.commit();
}

Status ResultStore::write(const FindingSeen& event) {
    const Result<uint64_t> id = scenario_id_of(event.scenario_index);
    if (!id)
        return id.error();
    Transaction transaction(*database_);
    if (Status status = write_finding(id.value(), event.finding); !status)
        return status;
    return transaction.commit();
}

Status ResultStore::write(const ScenarioFinished& event) {
    const Result<uint64_t> id = scenario_id_of(event.scenario_index);
    if (!id)
        return id.error();
    SqliteStatement& statement = statements_->scenario_end;
    statement.integer(event.sites_seen).integer(event.sites_failed).integer(event.unexplored);
    statement.text(event.problem).integer(static_cast<uint64_t>(event.problem_exit));
    statement.integer(id.value());
    return finish_step(*database_, statement);
}

Status ResultStore::write(const RunFinished& event) {
    SqliteStatement& statement = statements_->run_end;
    statement.integer(static_cast<uint64_t>(event.exit_code)).text(event.exit_reason);
    statement.real(event.cpu_s).real(event.wall_s);
    return finish_step(*database_, statement);
}

}  // namespace dearth::harness
