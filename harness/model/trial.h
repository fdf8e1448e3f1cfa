// One trial: what was asked, what was observed, what the oracles say. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dearth/control_page.h"
#include "harness/model/scenario.h"
#include "harness/model/verdict.h"

namespace dearth::harness {

enum class Strategy : uint8_t { kExec, kFork };
std::string_view strategy_name(Strategy strategy);

// Which fault a trial asks for. A point of a sweep is (kind, ordinal); a run of a schedule is
// (schedule, seed) and has ordinal 0.
struct TrialPoint {
    SweepKind kind;
    uint64_t ordinal = 0;
    uint64_t seed = 0;
    // Addressing for targets whose ordinals drift: the occurrence-th request of a call site.
    // 0: addressed by ordinal.
    uint64_t site = 0;
    uint64_t occurrence = 0;
};

// What a trial left behind. Frames of every stack are (module << 48 | offset) with `module` an
// index into the run's module list (model/finding.h), not the page's.
struct TrialRecord {
    TrialPoint point;
    Strategy strategy = Strategy::kExec;
    dearth_trial_slot slot = {};
    std::string out;  // standard output, the forward run's prefix included, cut at 64 KiB
    std::string err;
    bool page_was_valid = true;  // false: what the target wrote could not be read back
};

// The trial without faults, run twice.
struct Baseline {
    dearth_trial_slot slot = {};
    std::string out;
    std::string err;
    uint64_t requests = 0;    // all
    uint64_t selected = 0;    // seen by the scenario's window: ordinals 1..selected
    uint64_t sites_seen = 0;  // distinct call sites among the selected
    uint64_t elapsed_ms = 0;
    bool is_repeatable = true;
    std::string drift;  // what differed between the two runs, for people
    std::string engine_version;
};

// One oracle's answer against the target.
struct Accusation {
    Verdict verdict = Verdict::kInconclusive;
    std::string detail;  // one line: "1 byte written 0 bytes past the end of a 64-byte block"
    dearth_stack detected = {};
    dearth_stack allocated = {};
    dearth_stack freed = {};
};

struct Judgement {
    Verdict verdict = Verdict::kInconclusive;  // the gravest accusation, or what stands instead
    std::string detail;
    std::vector<Accusation> accusations;  // gravest first
};

}  // namespace dearth::harness
