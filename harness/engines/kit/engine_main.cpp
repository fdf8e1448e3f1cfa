// The way of one trial: install, open, (warm up), run, run again, close, look at what is left, and
// the whole once more in a fresh interpreter. Faults are armed in open, run and close only; which
// of them a schedule reaches is its window's business.
#include <stdio.h>
#include <string.h>

#include "dearth/engine.h"
#include "harness/engines/kit/engine_stack.h"
#include "harness/engines/kit/standalone_run.h"
#include "hooks/agent/agent.h"
#include "hooks/base/raw_output.h"

namespace dearth::hooks {
namespace {

struct EngineRun {
    const dearth_engine* engine;
    dearth_control_header* page;
};

constinit EngineRun run_ = {};

struct Source {
    const char* text;
    size_t bytes;
};

Source region_text(dearth_control_header& page, const dearth_region& region) {
    return {reinterpret_cast<const char*>(&page) + region.offset,
            static_cast<size_t>(region.count)};
}

bool run_open(EngineRun& run, dearth_step step) {
    dearth_outcome outcome = {};
    begin_step(step);
    run.engine->open(run.engine->self, &outcome);
    end_step(step, outcome);
    return outcome.status == DEARTH_STATUS_OK;
}

void run_script(EngineRun& run, dearth_step step) {
    const Source source = region_text(*run.page, run.page->script);
    dearth_outcome outcome = {};
    begin_step(step);
    run.engine->run(run.engine->self, source.text, source.bytes, run.page->config.script_name,
                    &outcome);
    fflush(stdout);
    end_step(step, outcome);
}

void run_close(EngineRun& run, dearth_step step) {
    dearth_outcome outcome = {};
    begin_step(step);
    run.engine->close(run.engine->self, &outcome);
    fflush(stdout);
    end_step(step, outcome);
}

// A warm-up that fails would leave a trial nobody asked for.
bool run_warmup(EngineRun& run) {
    const Source source = region_text(*run.page, run.page->warmup);
    if (source.bytes == 0)
        return true;
    dearth_outcome outcome = {};
    dearth_enter_phase(DEARTH_PHASE_WARMUP);
    run.engine->run(run.engine->self, source.text, source.bytes, "warm-up", &outcome);
    fflush(stdout);
    if (outcome.status == DEARTH_STATUS_OK)
        return true;
    static RawOutput reason;
    reason.text("the warm-up script fails: ").text(outcome.kind).text(": ").text(outcome.message);
    refuse_run(reason.data());
    return false;
}

// The script in a new interpreter of this process. Its step keeps the first thing that goes wrong,
// and the script's output.
void run_fresh(EngineRun& run) {
    const Source source = region_text(*run.page, run.page->script);
    const dearth_engine& engine = *run.engine;
    dearth_outcome outcome = {};
    begin_step(DEARTH_STEP_FRESH);
    engine.open(engine.self, &outcome);
    if (outcome.status == DEARTH_STATUS_OK) {
        if (const Source warmup = region_text(*run.page, run.page->warmup); warmup.bytes > 0) {
            outcome = {};
            engine.run(engine.self, warmup.text, warmup.bytes, "warm-up", &outcome);
        }
        if (outcome.status == DEARTH_STATUS_OK) {
            outcome = {};
            engine.run(engine.self, source.text, source.bytes, run.page->config.script_name,
                       &outcome);
        }
        dearth_outcome close_outcome = {};
        engine.close(engine.self, &close_outcome);
        if (outcome.status == DEARTH_STATUS_OK)
            outcome = close_outcome;
    }
    fflush(stdout);
    end_step(DEARTH_STEP_FRESH, outcome);
}

void run_steps(EngineRun& run) {
    const uint32_t checks = run.page->config.checks;
    dearth_enter_phase(DEARTH_PHASE_OPEN);
    if (run_open(run, DEARTH_STEP_OPEN)) {
        if (!run_warmup(run))
            return;
        dearth_enter_phase(DEARTH_PHASE_RUN);
        run_script(run, DEARTH_STEP_RUN);
        if ((checks & DEARTH_CHECK_AGAIN) != 0) {
            // Phase check is never injected; a persistent fault goes on in close, if its window
            // reaches there.
            dearth_enter_phase(DEARTH_PHASE_CHECK);
            dearth_disarm();
            run_script(run, DEARTH_STEP_AGAIN);
            dearth_arm();
        }
        dearth_enter_phase(DEARTH_PHASE_CLOSE);
        run_close(run, DEARTH_STEP_CLOSE);
    }
    dearth_enter_phase(DEARTH_PHASE_CHECK);
    dearth_disarm();
    if ((checks & DEARTH_CHECK_LEAKS) != 0)
        check_leftovers();
    if ((checks & DEARTH_CHECK_FRESH) != 0 && agent_role() != AgentRole::kForward)
        run_fresh(run);
}

void run_with_page(void* ctx, const StackBounds& bounds) {
    auto& run = *static_cast<EngineRun*>(ctx);
    AgentStart start = {};
    start.stack_low = bounds.low;
    start.stack_high = bounds.high;
    start.script.ctx = run.engine->self;
    start.script.read = run.engine->script_stack;
    start.engine_version = run.engine->version;
    if (start_agent(*run.page, start)) {
        dearth_outcome outcome = {};
        if (run.engine->install != nullptr && run.engine->install(run.engine->self, &outcome) != 0)
            refuse_run(outcome.message);
        else {
            limit_memory();
            run_steps(run);
        }
    }
    finish_agent();
}

}  // namespace
}  // namespace dearth::hooks

int dearth_engine_main(int argc, char** argv, const struct dearth_engine* engine) {
    using namespace dearth::hooks;
    run_.engine = engine;
    run_.page = attach_control_page();
    if (run_.page == nullptr)
        return run_standalone(argc, argv, *engine);
    run_on_engine_stack(run_.page->config.stack_bytes, run_with_page, &run_);
    return 0;
}

uint32_t dearth_engine_flags(void) {
    return dearth::hooks::run_.page != nullptr ? dearth::hooks::run_.page->config.engine_flags : 0;
}

uint32_t dearth_engine_domain_mask(void) {
    return dearth::hooks::run_.page != nullptr ? dearth::hooks::run_.page->config.domain_mask : 0;
}
