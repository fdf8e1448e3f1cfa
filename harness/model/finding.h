// Findings: accusations with one signature, and the frames people read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/model/scenario.h"
#include "harness/model/trial.h"
#include "harness/model/verdict.h"

namespace dearth::harness {

struct Module {
    std::string path;
    std::string build_id;  // hex; empty when the module has none
};

// A frame as text. Module and offset always; names when there are symbols.
struct SymbolFrame {
    std::string module;  // file name without folder
    uint64_t offset = 0;
    std::string function;  // empty: unknown
    std::string file;      // empty: unknown
    int line = 0;          // 0: unknown

    bool operator==(const SymbolFrame&) const = default;
};

// "luaM_malloc_ lmem.c:201", "luaM_malloc_ (liblua5.4.so.0+0x1234)", "liblua5.4.so.0+0x1234".
std::string frame_text(const SymbolFrame& frame);

enum class Disposition : uint8_t { kFails, kWarns, kKnown };

struct Finding {
    std::string id;  // 16 hex digits, from rule and function names; people see the first 8
    Verdict verdict = Verdict::kInconclusive;
    std::string scenario;
    std::string detail;
    TrialPoint point;  // the trial that shows it first
    uint32_t phase = DEARTH_PHASE_RUN;
    dearth_request request = {};
    std::vector<SymbolFrame> injected;  // innermost first, dearth's own frames left out
    std::vector<SymbolFrame> detected;
    std::vector<SymbolFrame> allocated;
    std::vector<SymbolFrame> freed;
    std::vector<dearth_script_frame> script;
    std::string schedule_text;  // the smallest known schedule that shows it
    std::string error_text;     // what the target said, cut at 512 bytes
    uint64_t trial_count = 0;   // trials that show it
    uint32_t replays = 0;       // confirmation runs, the first sight included
    uint32_t replays_agreeing = 0;
    Disposition disposition = Disposition::kFails;
    std::string known_reason;

    bool is_confirmed() const { return replays > 1 && replays == replays_agreeing; }
    bool is_flaky() const { return replays > 1 && replays != replays_agreeing; }
};

}  // namespace dearth::harness
