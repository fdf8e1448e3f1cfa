// The tables of a results file: one file a run, for every report and for people's own queries.
// Only grows within a format version; a change of meaning raises kResultsFormat.
//
// Ask it things with the sqlite3 shell, also while the run goes on:
//
//   verdicts of a run           SELECT verdict, count(*) FROM trial GROUP BY verdict;
//   the findings                SELECT substr(id,1,8), rule, verdict, ordinal, detail FROM finding;
//   trials that show a finding  SELECT t.* FROM trial t JOIN finding_trial USING (scenario_id,
//                                 ordinal, kind, seed, by_site, occurrence)
//                                 JOIN finding f ON f.serial = finding WHERE f.id LIKE '9c0f%';
//   the slowest trials          SELECT * FROM trial ORDER BY elapsed_us DESC LIMIT 10;
//   functions that broke        SELECT function, count(*) FROM frame
//                                 WHERE stack = 'detected' AND depth = 0 GROUP BY 1 ORDER BY 2
//                                 DESC;
#pragma once

#include <cstdint>

namespace dearth::harness {

inline constexpr uint32_t kResultsApplicationId = 0x64727468;  // "drth"
inline constexpr uint32_t kResultsFormat = 1;

// Words (verdicts, kinds, operations) are stored as every output shows them. 64-bit values such as
// call sites are stored as SQLite's signed integers: the upper half is negative.
inline constexpr const char* kResultsSchema = R"sql(
-- One row. A run that was resumed keeps its id; `sessions` counts its starts.
CREATE TABLE run (
  run_id           TEXT    NOT NULL,
  command_line     TEXT    NOT NULL,
  version          TEXT    NOT NULL,
  seed             INTEGER NOT NULL,
  jobs             INTEGER NOT NULL,
  started_unix_ms  INTEGER NOT NULL,
  sessions         INTEGER NOT NULL,
  exit_code        INTEGER,            -- NULL: running, or killed
  exit_reason      TEXT,
  cpu_s            REAL NOT NULL,      -- all processes, all sessions that came to their end
  wall_s           REAL NOT NULL
);
-- Ids count from 0 in the order of the first start.
CREATE TABLE scenario (
  id               INTEGER PRIMARY KEY,
  name             TEXT    NOT NULL,
  file             TEXT    NOT NULL,
  description      TEXT    NOT NULL,
  tags             TEXT    NOT NULL,   -- one a line
  fingerprint      TEXT    NOT NULL,   -- all that a trial's result depends on
  engine           TEXT    NOT NULL,
  engine_version   TEXT    NOT NULL,
  strategy         TEXT    NOT NULL,
  planned_trials   INTEGER NOT NULL,
  resumed_trials   INTEGER NOT NULL,
  requests         INTEGER NOT NULL,   -- of the baseline, all
  selected         INTEGER NOT NULL,   -- of those, seen by the window: ordinals 1..selected
  baseline_sites   INTEGER NOT NULL,
  baseline_ms      INTEGER NOT NULL,
  is_repeatable    INTEGER NOT NULL,
  drift            TEXT    NOT NULL,
  baseline_out     BLOB    NOT NULL,
  baseline_err     BLOB    NOT NULL,
  is_finished      INTEGER NOT NULL,
  sites_seen       INTEGER NOT NULL,
  sites_failed     INTEGER NOT NULL,
  unexplored       INTEGER NOT NULL,
  problem          TEXT    NOT NULL,   -- why it could not be judged; empty when it was
  problem_exit     INTEGER NOT NULL
);
-- The first six columns say which fault was asked for. `site` is the call site that it hit.
CREATE TABLE trial (
  scenario_id      INTEGER NOT NULL,
  ordinal          INTEGER NOT NULL,   -- 0: a run of a schedule, told apart by `seed`
  kind             TEXT    NOT NULL,
  seed             INTEGER NOT NULL,
  by_site          INTEGER NOT NULL,   -- not 0: the `occurrence`-th request of that call site
  occurrence       INTEGER NOT NULL,
  site             INTEGER NOT NULL,
  phase            TEXT    NOT NULL,
  strategy         TEXT    NOT NULL,
  verdict          TEXT    NOT NULL,
  elapsed_us       INTEGER NOT NULL,
  detail           TEXT,
  PRIMARY KEY (scenario_id, ordinal, kind, seed, by_site, occurrence)
) WITHOUT ROWID;
CREATE TABLE finding (
  serial           INTEGER PRIMARY KEY,
  id               TEXT    NOT NULL,
  scenario_id      INTEGER NOT NULL,
  verdict          TEXT,               -- NULL: named by a trial, its facts not written yet
  rule             TEXT,
  detail           TEXT,
  kind             TEXT,               -- the trial that shows it first
  ordinal          INTEGER,
  seed             INTEGER,
  by_site          INTEGER,
  occurrence       INTEGER,
  phase            TEXT,
  op               TEXT,               -- the request that was made to fail
  domain           TEXT,
  thread           INTEGER,
  size_bytes       INTEGER,
  align_bytes      INTEGER,
  live_bytes       INTEGER,
  site             INTEGER,
  schedule         TEXT,               -- the smallest known one that shows it
  error_text       TEXT,
  trial_count      INTEGER,
  replays          INTEGER,
  replays_agreeing INTEGER,
  disposition      TEXT,               -- fails, warns, known
  known_reason     TEXT,
  UNIQUE (id, scenario_id)
);
CREATE TABLE finding_trial (
  scenario_id      INTEGER NOT NULL,
  ordinal          INTEGER NOT NULL,
  kind             TEXT    NOT NULL,
  seed             INTEGER NOT NULL,
  by_site          INTEGER NOT NULL,
  occurrence       INTEGER NOT NULL,
  place            INTEGER NOT NULL,   -- 0: the gravest of that trial
  finding          INTEGER NOT NULL,   -- finding.serial
  PRIMARY KEY (scenario_id, ordinal, kind, seed, by_site, occurrence, place)
) WITHOUT ROWID;
CREATE TABLE frame (
  finding          INTEGER NOT NULL,
  stack            TEXT    NOT NULL,   -- injected, detected, allocated, freed
  depth            INTEGER NOT NULL,   -- 0: innermost
  module           TEXT    NOT NULL,
  offset           INTEGER NOT NULL,
  function         TEXT,
  file             TEXT,
  line             INTEGER NOT NULL,   -- 0: unknown
  PRIMARY KEY (finding, stack, depth)
) WITHOUT ROWID;
CREATE TABLE script_frame (
  finding          INTEGER NOT NULL,
  depth            INTEGER NOT NULL,
  file             TEXT    NOT NULL,
  function         TEXT    NOT NULL,
  line             INTEGER NOT NULL,
  PRIMARY KEY (finding, depth)
) WITHOUT ROWID;
)sql";

// Came later: a file that is resumed may be without it.
inline constexpr const char* kLaterTables = R"sql(
-- Scenarios of `run -- CMD`, which have no file that a replay could read.
CREATE TABLE IF NOT EXISTS command (
  scenario_id      INTEGER PRIMARY KEY,
  folder           TEXT    NOT NULL,   -- where dearth ran
  arguments        BLOB    NOT NULL    -- program and arguments, a zero byte behind each
);
-- What is different about a scenario under dearth on that machine, one line each.
CREATE TABLE IF NOT EXISTS note (
  scenario_id      INTEGER NOT NULL,
  place            INTEGER NOT NULL,
  text             TEXT    NOT NULL,
  PRIMARY KEY (scenario_id, place)
) WITHOUT ROWID;
)sql";

}  // namespace dearth::harness
