// The statements that write a results file, prepared once, and what is needed to run them. Private
// to the store.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "harness/store/result_store.h"
#include "harness/store/sqlite_database.h"

namespace dearth::harness {

inline constexpr std::string_view kWriteAttempt = "write results to";

// Rolls back unless committed.
class Transaction {
public:
    explicit Transaction(SqliteDatabase& database)
        : database_(database), begun_(database.execute("BEGIN IMMEDIATE", kWriteAttempt)) {}
    ~Transaction() {
        // After some errors SQLite has rolled back already; a second time does no harm.
        if (begun_ && !is_committed_)
            static_cast<void>(database_.execute("ROLLBACK", kWriteAttempt));
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    // Without a begin each statement was a transaction of its own; that is an error too.
    Status commit() {
        if (!begun_)
            return begun_;
        Status status = database_.execute("COMMIT", kWriteAttempt);
        is_committed_ = status.ok();
        return status;
    }

private:
    SqliteDatabase& database_;
    Status begun_;
    bool is_committed_ = false;
};

// The error of a step that failed, with the statement made ready for the next use.
Error failed_step(const SqliteDatabase& database, SqliteStatement& statement);
// Runs a statement to its end.
Status finish_step(const SqliteDatabase& database, SqliteStatement& statement);
// Six parameters: the key of tables trial and finding_trial. `kind` outlives the step.
void bind_point(SqliteStatement& statement, uint64_t scenario_id, const TrialPoint& point,
                std::string_view kind);

struct ResultStore::Statements {
    SqliteStatement run, run_end, scenario, command, note, forget_notes, scenario_end, same_name,
        next_scenario;
    SqliteStatement trial, trial_finding, forget_trial_findings;
    SqliteStatement finding, finding_stub, finding_serial;
    SqliteStatement frame, script_frame, forget_frames, forget_script_frames;
    SqliteStatement clear_frames, clear_script_frames, clear_finding_trials, clear_findings;
    SqliteStatement clear_trials;

    using Row = std::pair<SqliteStatement Statements::*, std::string_view>;
    static const std::array<Row, 24> kAll;
};

}  // namespace dearth::harness
