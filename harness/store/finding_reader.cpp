// Findings with their frames, and the way from a few typed digits to one of them.
#include <algorithm>
#include <cctype>
#include <cstring>

#include <fmt/format.h>

#include "harness/store/result_reader.h"
#include "harness/store/result_words.h"
#include "harness/store/row_parser.h"
#include "harness/store/sqlite_database.h"

namespace dearth::harness {
namespace {

constexpr size_t kCandidatesShown = 10;

// Trials are counted anew: what the finding's row says is as old as
// its last confirmation.
constexpr std::string_view kFindingColumns =
    "SELECT f.serial, f.id, s.name, f.verdict, f.detail, f.ordinal, f.kind, f.seed, f.by_site, "
    "f.occurrence, f.phase, f.op, f.domain, f.thread, f.size_bytes, f.align_bytes, f.live_bytes, "
    "f.site, f.schedule, f.error_text, max(f.trial_count, ifnull(c.trials, 0)), f.replays, "
    "f.replays_agreeing, f.disposition, f.known_reason FROM finding f "
    "JOIN scenario s ON s.id = f.scenario_id "
    "LEFT JOIN (SELECT finding, count(*) trials FROM finding_trial WHERE scenario_id = ?1 "
    "GROUP BY finding) c ON c.finding = f.serial "
    "WHERE f.verdict IS NOT NULL AND f.scenario_id = ?1";
constexpr std::string_view kOfOneId = " AND f.id = ?2";
constexpr std::string_view kInOrder = " ORDER BY f.ordinal, f.kind, f.seed, f.id";

struct SerialAndFinding {
    uint64_t serial = 0;
    Finding finding;
};

SerialAndFinding finding_of(RowParser& row) {
    SerialAndFinding result;
    result.serial = row.integer();
    Finding& finding = result.finding;
    finding.id = row.text();
    finding.scenario = row.text();
    finding.verdict = row.word("verdict", verdict_from_name);
    finding.detail = row.text();
    finding.point.ordinal = row.integer();
    finding.point.kind = row.kind();
    finding.point.seed = row.integer();
    finding.point.site = row.integer();
    finding.point.occurrence = row.integer();
    finding.phase = row.word("phase", phase_from_word);
    finding.request.phase = finding.phase;
    finding.request.op = row.word("operation", op_from_word);
    finding.request.domain = row.word("domain", domain_from_word);
    finding.request.thread = static_cast<uint32_t>(row.integer());
    finding.request.size_bytes = row.integer();
    finding.request.align_bytes = row.integer();
    finding.request.live_bytes = row.integer();
    finding.request.site = row.integer();
    finding.schedule_text = row.text();
    finding.error_text = row.text();
    finding.trial_count = row.integer();
    finding.replays = static_cast<uint32_t>(row.integer());
    finding.replays_agreeing = static_cast<uint32_t>(row.integer());
    finding.disposition = row.word("disposition", disposition_from_word);
    finding.known_reason = row.text();
    return result;
}

std::vector<SymbolFrame>* stack_named(Finding& finding, std::string_view stack) {
    if (stack == "injected")
        return &finding.injected;
    if (stack == "detected")
        return &finding.detected;
    if (stack == "allocated")
        return &finding.allocated;
    if (stack == "freed")
        return &finding.freed;
    return nullptr;
}

template <size_t kBytes>
void copy_bounded(char (&target)[kBytes], const std::string& text) {
    // The last byte stays 0.
    std::memcpy(target, text.data(), std::min(text.size(), kBytes - 1));
}

Status read_frames(SqliteDatabase& database, SerialAndFinding& found) {
    Result<SqliteStatement> frames = database.prepare(
        "SELECT stack, module, offset, function, file, line FROM frame WHERE finding = ? ORDER BY "
        "stack, depth",
        kReadAttempt);
    Result<SqliteStatement> script = database.prepare(
        "SELECT file, function, line FROM script_frame WHERE finding = ? ORDER BY depth",
        kReadAttempt);
    if (!frames || !script)
        return frames ? script.error() : frames.error();
    RowParser row(database, frames.value());
    frames.value().integer(found.serial);
    while (row.next()) {
        std::vector<SymbolFrame>* stack = stack_named(found.finding, row.text());
        SymbolFrame frame;
        frame.module = row.text();
        frame.offset = row.integer();
        frame.function = row.text();
        frame.file = row.text();
        frame.line = static_cast<int>(row.integer());
        if (stack != nullptr)
            stack->push_back(std::move(frame));
    }
    if (!row.status())
        return row.status();
    RowParser script_row(database, script.value());
    script.value().integer(found.serial);
    while (script_row.next()) {
        dearth_script_frame frame = {};
        copy_bounded(frame.file, script_row.text());
        copy_bounded(frame.function, script_row.text());
        frame.line = static_cast<int32_t>(script_row.integer());
        found.finding.script.push_back(frame);
    }
    return script_row.status();
}

struct Candidate {
    std::string id;
    std::string rule;
    std::string scenario;
    size_t scenario_index = 0;
};

// Each id once, as the first scenario shows it.
Result<std::vector<Candidate>> candidates_of(SqliteDatabase& database, std::string_view prefix) {
    Result<SqliteStatement> statement = database.prepare(
        "SELECT f.id, f.rule, s.name, min(s.id) FROM finding f JOIN scenario s ON s.id = "
        "f.scenario_id WHERE f.verdict IS NOT NULL AND f.id >= ?1 AND f.id < ?1 || 'g' "
        "GROUP BY f.id ORDER BY f.id",
        kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(database, statement.value());
    statement.value().text(prefix);
    std::vector<Candidate> candidates;
    while (row.next()) {
        Candidate candidate;
        candidate.id = row.text();
        candidate.rule = row.text();
        candidate.scenario = row.text();
        candidate.scenario_index = static_cast<size_t>(row.integer());
        candidates.push_back(std::move(candidate));
    }
    if (!row.status())
        return row.status().error();
    return candidates;
}

std::string list_text(const std::vector<Candidate>& candidates) {
    std::string text;
    for (size_t i = 0; i < std::min(candidates.size(), kCandidatesShown); ++i) {
        const Candidate& candidate = candidates[i];
        text += fmt::format("\n  {}  {}  {}", candidate.id, candidate.rule, candidate.scenario);
    }
    if (candidates.size() > kCandidatesShown)
        text += fmt::format("\n  and {} more", candidates.size() - kCandidatesShown);
    return text;
}

Error no_such_finding(SqliteDatabase& database, std::string_view prefix, std::string_view why) {
    Error error = {ErrorClass::kUsage,
                   fmt::format("find the finding {} in {}: {}", prefix, database.path(), why), ""};
    const Result<std::vector<Candidate>> all = candidates_of(database, "");
    if (all && all.value().empty())
        error.next_step = "that run has no findings";
    else if (all)
        error.next_step = "findings of that run:" + list_text(all.value());
    return error;
}

}  // namespace

Status ResultReader::for_each_finding(size_t scenario_index,
                                      const FindingCallback& callback) const {
    Result<SqliteStatement> statement =
        database_->prepare(std::string(kFindingColumns).append(kInOrder), kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(*database_, statement.value());
    statement.value().integer(scenario_index);
    while (row.next()) {
        SerialAndFinding found = finding_of(row);
        if (!row.status())
            break;
        if (Status status = read_frames(*database_, found); !status)
            return status;
        if (Status status = callback(found.finding); !status)
            return status;
    }
    return row.status();
}

Result<ResultReader::Found> ResultReader::find_finding(std::string_view id_prefix) const {
    std::string prefix;
    for (const char c : id_prefix) {
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0)
            return no_such_finding(*database_, id_prefix, "an id has only the digits 0-9 and a-f");
        prefix += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    if (prefix.empty())
        return no_such_finding(*database_, "\"\"", "the id is empty");
    const Result<std::vector<Candidate>> candidates = candidates_of(*database_, prefix);
    if (!candidates)
        return candidates.error();
    if (candidates.value().empty())
        return no_such_finding(*database_, prefix, "none has an id that begins so");
    if (candidates.value().size() > 1) {
        return Error{ErrorClass::kUsage,
                     fmt::format("find the finding {} in {}: {} findings begin so:{}", prefix,
                                 database_->path(), candidates.value().size(),
                                 list_text(candidates.value())),
                     "give more digits"};
    }
    const Candidate& candidate = candidates.value().front();
    Result<SqliteStatement> statement =
        database_->prepare(std::string(kFindingColumns).append(kOfOneId), kReadAttempt);
    if (!statement)
        return statement.error();
    RowParser row(*database_, statement.value());
    statement.value().integer(candidate.scenario_index).text(candidate.id);
    SerialAndFinding found;
    if (row.next())
        found = finding_of(row);
    if (!row.status())
        return row.status().error();
    if (Status status = read_frames(*database_, found); !status)
        return status.error();
    return Found{candidate.scenario_index, std::move(found.finding)};
}

}  // namespace dearth::harness
