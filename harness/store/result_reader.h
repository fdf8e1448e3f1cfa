// Reads a results file: what all reports, lookups and resumed runs are made from. Reads a file
// that is being written to, and one whose run was killed, as well as a finished one. Streams: its
// memory does not grow with the number of trials.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/run_facts.h"
#include "harness/store/finished_trials.h"

namespace dearth::harness {

class SqliteDatabase;

class ResultReader {
public:
    // Opens without writing. Not for a file that this process itself writes to: there, ask
    // ResultStore::reader(), because closing the file here would end the locks over there.
    static Result<ResultReader> open_existing(const std::string& path);
    explicit ResultReader(std::shared_ptr<SqliteDatabase> database);

    Result<RunFacts> run() const;
    // In the order of their first start; an index below is a place in this list.
    Result<std::vector<ScenarioFacts>> scenarios() const;
    // By ordinal, then kind, then id: the order does not depend on which trial ended first.
    Status for_each_finding(size_t scenario_index, const FindingCallback& callback) const;
    // By ordinal, then kind, then seed.
    Status for_each_trial(size_t scenario_index, const TrialCallback& callback) const;

    // `id_prefix`: as many hex digits as are needed to tell the finding from all others. A finding
    // that several scenarios show is given as the first of them shows it.
    struct Found {
        size_t scenario_index = 0;
        Finding finding;
    };
    Result<Found> find_finding(std::string_view id_prefix) const;

    // For a scenario without a file.
    Result<RecordedCommand> command_of(size_t scenario_index) const;

    // The finished trials of the scenario of that name, if its fingerprint is still the same.
    Result<FinishedTrials> finished_trials(std::string_view scenario_name,
                                           std::string_view fingerprint_text) const;

private:
    std::shared_ptr<SqliteDatabase> database_;
};

}  // namespace dearth::harness
