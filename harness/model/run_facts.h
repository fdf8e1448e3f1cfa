// What a results file tells about a run, for every report: facts only, read back after (or while)
// the run happened. The store fills these, the reporters print them; neither knows the other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/sweep_event.h"

namespace dearth::harness {

struct RunFacts {
    RunStarted start;
    uint64_t sessions = 1;              // 1 + how often it was resumed
    std::optional<RunFinished> finish;  // empty: it is running, or was killed

    // True when `--resume` has something to go on with.
    bool is_interrupted() const { return !finish || finish->exit_code == 130; }
};

// A scenario without its settings, which its file holds.
struct ScenarioFacts {
    size_t scenario_index = 0;  // its place in the results file, from 0
    std::string name;
    std::string file;
    std::string description;
    std::string fingerprint_text;
    std::vector<std::string> tags;
    std::vector<std::string> notes;  // what is different under dearth, one line each
    Engine engine = Engine::kLua;
    Strategy strategy = Strategy::kExec;
    Baseline baseline;  // without its slot, which only oracles need
    uint64_t planned_trials = 0;
    uint64_t resumed_trials = 0;
    bool is_finished = false;  // false: the run ended, or was killed, in the middle of it
    // The counts of an unfinished scenario are those of the trials that did finish.
    ScenarioFinished outcome;
};

// What `run -- CMD` ran, and in which folder.
struct RecordedCommand {
    std::string folder;
    std::vector<std::string> arguments;
};

// The words of every output and of the results file, both directions.
std::string_view engine_word(Engine engine);
std::optional<Engine> engine_from_word(std::string_view word);
std::string_view disposition_word(Disposition disposition);
std::optional<Disposition> disposition_from_word(std::string_view word);

using FindingCallback = std::function<Status(const Finding&)>;
using TrialCallback = std::function<Status(const TrialFinished&)>;

}  // namespace dearth::harness
