#include "hooks/agent/program_run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dearth/install.h"
#include "hooks/agent/agent.h"
#include "hooks/agent/child_environment.h"
#include "hooks/agent/main_stack.h"
#include "hooks/agent/standalone_run.h"
#include "hooks/base/leave_process.h"
#include "hooks/base/raw_output.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {
namespace {

constexpr int kExitRefused = 125;

struct ProgramRun {
    dearth_control_header* page;
    ProgramMode mode;
    dearth_step step;  // the one that is going on
    bool has_left_main;
    bool has_ended;
};
constinit ProgramRun run_ = {};

bool is_asked(const char* variable) {
    const char* value = getenv(variable);
    return value != nullptr && *value != '\0';
}

[[noreturn]] void leave_refused(RawOutput& line) {
    line.text("\n").write_to(STDERR_FILENO);
    leave_process(kExitRefused);
}

// Standard output cannot be cut into steps: libc writes what is buffered after the last of us.
void begin_program_step(dearth_step step) {
    run_.step = step;
    begin_step(step);
}

void end_program_step(dearth_step step, const dearth_outcome& outcome) {
    end_step(step, outcome);
    dearth_trial_slot* slot = current_slot();
    if (slot == nullptr)
        return;
    dearth_step_result& result = slot->steps[step];
    result.out_begin = result.err_begin = 0;
    result.out_end = result.err_end = step == DEARTH_STEP_RUN ? DEARTH_OUTPUT_TO_END : 0;
}

void end_well(dearth_step step) {
    dearth_outcome outcome = {};
    outcome.status = DEARTH_STATUS_OK;
    end_program_step(step, outcome);
}

dearth_outcome outcome_of(int status) {
    dearth_outcome outcome = {};
    outcome.status = status == 0 ? DEARTH_STATUS_OK : DEARTH_STATUS_ERROR;
    if (status != 0) {
        RawOutput text;
        text.text("exit status ").decimal(static_cast<uint64_t>(status));
        copy_text(outcome.kind, sizeof outcome.kind, "exit");
        // Twenty characters: the terminator is copied with them.
        memcpy(outcome.message, text.data(), text.length());
    }
    return outcome;
}

// In a child of the target's own fork: what it does is nobody's trial.
void leave_trial_to_parent() {
    if (is_own_process())
        return;
    static constinit dearth_trial_slot unread = {};
    attach_slot(&unread);
    disarm();
    set_observer(nullptr);
    set_schedule(nullptr);
    set_captures_stacks(false);
    set_captures_free_stacks(false);
    set_aborts_on_misuse(false);
}

// Stand-alone, there is nobody else to say why nothing is found.
void warn_of_shadow(const char* shadowed_by) {
    if (shadowed_by == nullptr)
        return;
    RawOutput line;
    line.text("dearth: requests do not reach the layers: the malloc of ").text(shadowed_by);
    line.text(" comes first; build it without an allocator of its own\n").write_to(STDERR_FILENO);
}

// In the parent.
void note_child() {
    if (is_own_process() && agent_role() == AgentRole::kBaseline)
        run_.page->children_seen = 1;
}

void on_exit_of_all(int status, void*) {
    end_program(status);
}

void watch_ends() {
    // Registered before anything of the executable's: it runs after all of that, and after the
    // destructors of every library.
    on_exit(on_exit_of_all, nullptr);
}

// A program that the target executes has no business with them, and may be one of ours.
void keep_descriptors_from_children(const dearth_config& config) {
    fcntl(config.event_fd, F_SETFD, FD_CLOEXEC);
    for (uint32_t i = 0; i < config.slot_count && i < DEARTH_SLOTS_MAX; ++i) {
        fcntl(config.out_fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(config.err_fds[i], F_SETFD, FD_CLOEXEC);
    }
}

void start_watched(const char* library, const char* shadowed_by) {
    dearth_control_header* page = attach_control_page();
    run_.page = page;
    hide_from_children(library);
    keep_descriptors_from_children(page->config);
    if (shadowed_by != nullptr)
        copy_text(page->shadowed_by, sizeof page->shadowed_by, shadowed_by);
    const StackRange stack = main_stack_range();
    AgentStart start = {};
    start.stack_low = stack.low;
    start.stack_high = stack.high;
    start.engine_version = "preload";
    if (!start_agent(*page, start))
        leave_process(kExitRefused);
    pthread_atfork(nullptr, note_child, leave_trial_to_parent);
}

// Steps that the end cuts short get the program's own result; those it skips, none.
void end_steps(const dearth_outcome& outcome) {
    if (run_.step == DEARTH_STEP_OPEN) {
        end_program_step(DEARTH_STEP_OPEN, outcome);
        return;
    }
    end_program_step(DEARTH_STEP_RUN, outcome);
    end_well(DEARTH_STEP_CLOSE);
}

void look_at_what_is_left(const ScanStart& start) {
    dearth_enter_phase(DEARTH_PHASE_CHECK);
    dearth_disarm();
    dearth_check_blocks();
    if (run_.mode == ProgramMode::kWatched && (run_.page->config.checks & DEARTH_CHECK_LEAKS) != 0)
        check_leftovers(&start);
}

// True when this call is the one that counts.
bool takes_last_word() {
    if (run_.mode == ProgramMode::kPassing || !is_own_process())
        return false;
    return !__atomic_exchange_n(&run_.has_ended, true, __ATOMIC_ACQ_REL);
}

void end_with(const dearth_outcome& outcome, int status, const ScanStart& start) {
    look_at_what_is_left(start);
    if (run_.mode == ProgramMode::kStandalone) {
        end_standalone();
        return;
    }
    end_steps(outcome);
    if (dearth_trial_slot* slot = current_slot(); slot != nullptr)
        slot->end_code = status;
    close_trial();
}

// The search for lost blocks begins in their callers, whose frames must be small for that.
__attribute__((noinline)) void end_by_status(int status, const ScanStart& start) {
    if (takes_last_word())
        end_with(outcome_of(status), status, start);
}

__attribute__((noinline)) void end_by_exec(const char* path, const ScanStart& start) {
    if (!takes_last_word())
        return;
    dearth_outcome outcome = {};
    outcome.status = DEARTH_STATUS_OK;
    copy_text(outcome.kind, sizeof outcome.kind, "exec");
    copy_text(outcome.message, sizeof outcome.message, path);
    end_with(outcome, 0, start);
}

}  // namespace

ProgramMode start_program(const char* library, const char* shadowed_by) {
    if (is_asked(DEARTH_CONTROL_FD_VARIABLE))
        run_.mode = ProgramMode::kWatched;
    else if (is_standalone_asked())
        run_.mode = ProgramMode::kStandalone;
    else
        return ProgramMode::kPassing;
    watch_ends();
    if (run_.mode == ProgramMode::kWatched)
        start_watched(library, shadowed_by);
    else {
        start_standalone();
        warn_of_shadow(shadowed_by);
    }
    return run_.mode;
}

void open_program() {
    if (run_.mode == ProgramMode::kPassing)
        return;
    dearth_enter_phase(DEARTH_PHASE_OPEN);
    begin_program_step(DEARTH_STEP_OPEN);
    if (run_.mode == ProgramMode::kWatched)
        limit_memory();
}

void refuse_program(const char* reason) {
    if (run_.mode == ProgramMode::kWatched)
        refuse_run(reason);
    RawOutput line;
    leave_refused(line.text("dearth: ").text(reason));
}

void enter_main() {
    if (run_.mode == ProgramMode::kPassing)
        return;
    end_well(DEARTH_STEP_OPEN);
    dearth_enter_phase(DEARTH_PHASE_RUN);
    begin_program_step(DEARTH_STEP_RUN);
}

void leave_main() {
    const bool is_in_main = run_.mode != ProgramMode::kPassing && run_.step == DEARTH_STEP_RUN;
    if (!is_in_main || run_.has_left_main || !is_own_process())
        return;
    run_.has_left_main = true;
    dearth_enter_phase(DEARTH_PHASE_CLOSE);
    begin_program_step(DEARTH_STEP_CLOSE);
}

void end_program(int status) {
    const ScanStart start = scan_start_here();
    end_by_status(status & 0xFF, start);
}

void end_program_by_exec(const char* path) {
    const ScanStart start = scan_start_here();
    end_by_exec(path, start);
}

void resume_program() {
    if (run_.mode == ProgramMode::kPassing || !is_own_process())
        return;
    run_.has_ended = false;
    dearth_arm();
    if (run_.mode == ProgramMode::kWatched)
        reopen_trial();
    dearth_enter_phase(run_.has_left_main ? DEARTH_PHASE_CLOSE : DEARTH_PHASE_RUN);
    begin_program_step(run_.step);
}

}  // namespace dearth::hooks
