// What to run, which faults, which answers are acceptable: one scenario, after matrix and cases
// have been multiplied out. Plain data, no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dearth/control_page.h"
#include "dearth/schedule.h"
#include "harness/model/verdict.h"

namespace dearth::harness {

// kExec: any dynamically linked program, with the preload library in front of it.
enum class Engine : uint8_t { kLua, kPython, kCApi, kExec };

// A script's text and where it came from. An inline script is preceded by as many line feeds as
// bring its lines to their numbers in the YAML file, so that a report's line can be opened.
struct Script {
    std::string text;
    std::string name;  // path as error messages show it
};

// What a program reads: the text, or the file of that path.
struct StandardInput {
    std::string text;
    std::string path;  // empty: the text
};

struct Target {
    Engine engine = Engine::kLua;
    Script script;                 // lua, python
    std::optional<Script> warmup;  // runs first, neither counted nor injected
    std::vector<std::string> run;  // c-api, exec: program and arguments
    std::map<std::string, std::string> env;
    uint32_t domain_mask = 0;  // 0: all
    // exec. `run -- CMD`: the user's own environment, which their program may need; `env` is on
    // top. Else nothing is inherited.
    bool inherits_environment = false;
    std::optional<StandardInput> input;  // exec; none: /dev/null
    bool has_private_folder = false;     // exec: an empty working directory for each process
};

// One way to fail at a point of a sweep.
struct SweepKind {
    uint32_t kind = DEARTH_KIND_ONCE;
    uint32_t burst = 1;
    uint32_t action = DEARTH_ACTION_FAIL;

    bool operator==(const SweepKind&) const = default;
};

// "once", "burst=3", "persistent"; with an action other than fail: "once+corrupt-rear".
std::string sweep_kind_text(const SweepKind& kind);
std::optional<SweepKind> sweep_kind_from_text(std::string_view text);

// The canonical text, which parses back to an equal schedule; --inject takes it.
std::string schedule_text(const dearth_schedule& schedule);

enum class PointSelection : uint8_t {
    kAll,     // every ordinal of the range
    kSites,   // the first request of each distinct call stack
    kSample,  // `sample_count` ordinals, spread by the seed
};

struct Injection {
    // True: one trial per ordinal and kind (`nth`). False: one trial per seed of `schedule`
    // (every, probability, budget).
    bool is_sweep = true;
    PointSelection points = PointSelection::kAll;
    uint64_t first = 1;
    uint64_t last = UINT64_MAX;  // UINT64_MAX: until a run no longer reaches it
    uint64_t step = 1;
    uint64_t sample_count = 0;
    uint64_t sample_seed = 1;
    std::vector<SweepKind> kinds = {{DEARTH_KIND_ONCE, 1, DEARTH_ACTION_FAIL},
                                    {DEARTH_KIND_PERSISTENT, 1, DEARTH_ACTION_FAIL}};
    dearth_filter when = {};  // the window: default is phase run, for every engine
    dearth_filter unless = {};
    dearth_schedule schedule = {};  // is_sweep == false; seeds are filled in per trial
    uint64_t seed_first = 1;
    uint64_t seed_last = 1;
};

// kPage: blocks against an unreadable page. kBoth: all is done twice, once with each side of the
// blocks there; see guard_passes.
enum class GuardWay : uint8_t { kBytes, kPage, kBoth };

struct Guard {
    bool is_on = true;
    GuardWay way = GuardWay::kBytes;
    uint32_t page_side = DEARTH_SIDE_REAR;
    uint32_t page_alignment = 0;  // rear: 1, 2, 4, 8, 16; 0: 1, or 16 for a target that needs it
    uint32_t page_every = 1;      // one block in so many
    uint32_t before_bytes = 16;
    uint32_t after_bytes = 16;
    uint32_t every = 0;  // check all live blocks each n requests; 0: at free, realloc, exit only
    uint64_t quarantine_bytes = 1u << 20;
    uint8_t clean_byte = 0xCD;
    uint8_t dead_byte = 0xDD;
};

// One acceptable way for a trial to end.
struct AcceptableOutcome {
    enum class Form : uint8_t { kOk, kError, kException, kExit, kSignal };
    Form form = Form::kOk;
    std::string name;  // exception or error class: "MemoryError"
    int code = 0;      // exit status or signal number

    bool operator==(const AcceptableOutcome&) const = default;
};

// Text to be found: a substring, or a regular expression (ECMAScript).
struct TextPattern {
    std::string text;
    bool is_regex = false;
};

struct Expectation {
    std::vector<AcceptableOutcome> outcomes = {{AcceptableOutcome::Form::kOk, "", 0},
                                               {AcceptableOutcome::Form::kError, "", 0}};
    std::optional<TextPattern> error;         // the error's text when the outcome is error
    std::optional<TextPattern> output;        // standard output of a trial that ends ok
    std::optional<TextPattern> error_output;  // standard error of a trial that ends with an error
    std::optional<std::string> baseline_output;
    int baseline_exit = 0;  // exec: the status that is success for this program
    bool needs_no_leak = true;
    bool needs_no_corruption = true;
    bool needs_same_output = true;   // ok must come with the baseline's output
    bool needs_report = false;       // an injected failure must not be absorbed
    bool needs_reusable = false;     // AGAIN: same interpreter
    bool needs_restartable = false;  // FRESH: a new interpreter in the same process
};

struct Limits {
    uint64_t timeout_ms = 0;     // 0: max(5 s, 10 x baseline)
    uint64_t memory_bytes = 0;   // 0: no limit
    uint64_t failures = 50'000;  // injected failures after which a trial is a livelock
    uint64_t stack_bytes = 8u << 20;
};

struct Gate {
    std::vector<Verdict> fail_on;  // filled with the defaults by the loader
    std::vector<Verdict> warn_on;
};

struct KnownFinding {
    std::string id;  // at least 8 hex digits, a prefix of the finding's id
    std::string reason;
    std::string until;  // ISO date; empty: no end
};

struct Scenario {
    std::string name;
    std::string file;    // the YAML file or script, as the user named it; empty: `run -- CMD`
    std::string folder;  // `run -- CMD`: the working directory then
    std::string description;
    std::vector<std::string> tags;
    Target target;
    Injection injection;
    Guard guard;
    Expectation expect;
    Limits limits;
    Gate gate;
    std::vector<KnownFinding> known;
};

// The scenario with its blocks against a page on that side (enum dearth_page_side), under a name of
// its own: NAME.rear, NAME.front. A finding that both see at the same place has one id.
Scenario page_pass(Scenario scenario, uint32_t side);
// The same for the name of a pass; nothing for another name.
std::optional<Scenario> page_pass_named(const Scenario& scenario, std::string_view name);
// What is swept: scenarios as they are, and both passes of one that asks for both.
std::vector<Scenario> guard_passes(std::vector<Scenario> scenarios);

// All of the scenario that a trial's result depends on, as text; two scenarios with the same text
// have the same points. What `--resume` compares.
std::string scenario_fingerprint_text(const Scenario& scenario);

// The part of it that says what is run; a part of the text above.
std::string target_fingerprint_text(const Target& target);

}  // namespace dearth::harness
