// Writes down what a trial does, step by step, in the current slot: results, where in the output
// each step stands, the injected request, what is left behind after close.
#pragma once

#include <stdint.h>

#include "dearth/control_page.h"
#include "dearth/engine_outcome.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/layers/reachability.h"

namespace dearth::hooks {

// Fills `frames` with the script's own stack; must not allocate. May be NULL.
struct ScriptStackSource {
    void* ctx;
    size_t (*read)(void* ctx, dearth_script_frame* frames, size_t capacity);
};

// The trial is what this process does from now on; the target's own children are not part of it.
void own_process();
bool is_own_process();

void begin_step(dearth_step step);
void end_step(dearth_step step, const dearth_outcome& outcome);

// The first injected fault of this process: which request, from where, at which script line.
void record_injection(const RequestFacts& facts, const ScriptStackSource& script);

// Requests that failed because memory was really out, up to now: goes into the slot. Also from a
// signal handler.
void note_exhausted();

// Length of the forward run's output that precedes this process's own.
void set_output_prefix(uint64_t out_bytes, uint64_t err_bytes);
uint64_t out_position();
uint64_t err_position();

// Blocks alive now, by call site. A baseline writes them to the page; a trial compares with what
// the page says and keeps the excess in its slot. Lost and reachable blocks are told apart, and
// compared each with its own kind, when there is a `start`.
void write_baseline_leftovers(dearth_control_header& page, const ScanStart* start);
void compare_leftovers(const dearth_control_header& page, const ScanStart* start);

}  // namespace dearth::hooks
