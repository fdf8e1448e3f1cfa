// JSON Lines: one object a line, for programs. Schema "dearth.events/1": fields may be added, none
// is renamed or removed.
//
//   run-started        schema, run, version, command, seed, jobs, started
//   scenario-started   scenario, file, engine, strategy, requests, selected, sites, planned
//   trial              scenario, ordinal, site, phase, kind, strategy, verdict, ms
//                      (and seed where ordinal is 0; occurrence where the point is addressed so)
//   finding            id, rule, verdict, scenario, ordinal, injected, detected, script, replay;
//                      kind, detail, disposition, trials, replays, replays_agreeing
//   scenario-finished  scenario, trials, verdicts, sites_seen, sites_failed, unexplored, problem
//   run-finished       exit, trials, verdicts, sites_seen, sites_failed, cpu_s, wall_s
//   run-interrupted    the same without exit and times, for a run that has not ended
//
// A frame is an object with those of function, file, line, module and offset that are known.
#pragma once

#include "harness/report/run_source.h"
#include "harness/report/text_sink.h"

namespace dearth::harness {

Status write_jsonl_report(const RunSource& source, TextSink& sink);

}  // namespace dearth::harness
