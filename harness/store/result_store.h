// Writes a run into its results file as it happens. Each event is one transaction in SQLite's
// write-ahead log, so a run that is killed at any moment keeps every trial that was consumed; only
// a power failure can take the last ones back. Memory does not grow with the number of trials.
//
// Contract for the sweep: a trial's findings and the trial itself may come in either order. A
// trial that names a finding whose facts were never written (killed in between) counts as not
// finished when the run is resumed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/unique_fd.h"
#include "harness/model/sweep_event.h"
#include "harness/store/result_reader.h"

namespace dearth::harness {

class SqliteDatabase;

class ResultStore final : public EventSink {
public:
    // Makes a new file; never overwrites one.
    static Result<std::unique_ptr<ResultStore>> create(const std::string& path);
    // Goes on with a file whose run was stopped or killed, or has ended. The first event may be a
    // RunStarted, whose id and start time are dropped for those of the file, or a scenario.
    static Result<std::unique_ptr<ResultStore>> open_for_resume(const std::string& path);

    ~ResultStore() override;
    ResultStore(const ResultStore&) = delete;
    ResultStore& operator=(const ResultStore&) = delete;

    // After an error every further event fails with the same error; what was written stays.
    Status consume(const SweepEvent& event) override;

    // What the file holds now. Lives as long as the store.
    const ResultReader& reader() const { return *reader_; }
    const std::string& path() const { return path_; }

    // Folds the side files into the one file. The destructor does the same, but cannot tell.
    Status close();

    // Makes the disk look full once the file has that many pages of 4 KiB.
    Status limit_pages_for_test(uint32_t page_count);

private:
    struct Statements;

    explicit ResultStore(std::string path);
    Status open(bool is_new);
    Status prepare_statements();
    Status forget_unfinished_trials();

    Status write(const RunStarted& event);
    Status write(const ScenarioStarted& event);
    Status write(const TrialFinished& event);
    Status write(const FindingSeen& event);
    Status write(const ScenarioFinished& event);
    Status write(const RunFinished& event);

    Result<uint64_t> scenario_id_of(size_t scenario_index) const;
    // The row for a scenario that starts: an earlier session's, or the next free one.
    Result<uint64_t> place_scenario(const ScenarioStarted& event);
    Status clear_scenario(uint64_t scenario_id);
    Status write_command(uint64_t scenario_id, const Scenario& scenario);
    Status write_notes(uint64_t scenario_id, const std::vector<std::string>& notes);
    Status write_trial_findings(uint64_t scenario_id, const TrialFinished& event);
    Status write_finding(uint64_t scenario_id, const Finding& finding);
    Status write_frames(uint64_t serial, const Finding& finding);
    Result<uint64_t> finding_serial(uint64_t scenario_id, const std::string& id);

    std::string path_;
    UniqueFd lock_;  // taken before SQLite opens the file, let go after it closed it
    std::shared_ptr<SqliteDatabase> database_;
    std::unique_ptr<Statements> statements_;
    std::unique_ptr<ResultReader> reader_;
    std::vector<int64_t> scenario_ids_;  // by the sweep's index; -1: not started in this session
    bool has_trial_findings_ = false;    // the file may link a trial to a finding
    std::vector<Error> failure_;         // empty or one: what ended the writing
};

}  // namespace dearth::harness
