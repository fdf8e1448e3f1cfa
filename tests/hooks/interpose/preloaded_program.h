// Runs a real program with the preload library and a control page of the test's own, to its end or
// its deadline, and hands back all that the page then says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dearth/control_page.h"
#include "harness/process/child_process.h"

namespace dearth::tests {

inline constexpr uint32_t kPlainLayers =
    DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD;

struct ProgramPlan {
    std::string program;
    std::vector<std::string> arguments = {};
    std::map<std::string, std::string> environment = {};
    uint32_t mode = DEARTH_MODE_BASELINE;
    std::string schedule = {};  // text form: SINGLE's faults; elsewhere the window
    uint32_t layers = kPlainLayers;
    uint32_t checks = 0;
    uint32_t jobs = 1;
    uint64_t deadline_ms = 20'000;
    uint64_t memory_bytes = 0;
    std::vector<dearth_leftover> leftovers = {};
    std::vector<dearth_kind> kinds = {DEARTH_KIND_ONCE};  // FORK: of every point
    bool has_page = true;
    bool is_preloaded = true;
};

struct ProgramResult {
    dearth_control_header header = {};
    dearth_trial_slot slot = {};            // the process's own
    std::vector<dearth_trial_slot> trials;  // FORK: the children's, as they ended
    std::vector<dearth_stream_entry> stream;
    std::vector<dearth_leftover> leftovers;
    std::vector<std::string> modules;  // files
    harness::ExitReport exit;
    bool was_overdue = false;
    std::string out;
    std::string err;
};

ProgramResult run_program(const ProgramPlan& plan);

// The requests of `stream` in that phase.
uint64_t count_in_phase(const ProgramResult& result, dearth_phase phase);

// One of tests/hooks/interpose/targets.
std::string target_path(const std::string& name);
std::string preload_library();

}  // namespace dearth::tests
