// A slot goes FREE -> RUNNING (parent, before the split) -> DONE (parent, after the child ended)
// -> FREE (harness, after reading it). The parent is the only one that waits; it waits in three
// places, each with a bound: for a child (its deadline plus a grace), for the harness to free a
// slot (as long as the harness lives), at the end (for all children).
#include "hooks/agent/explorer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hooks/agent/child_descriptors.h"
#include "hooks/agent/fatal_signals.h"
#include "hooks/agent/process_split.h"
#include "hooks/agent/trial.h"
#include "hooks/base/errno_saver.h"
#include "hooks/base/leave_process.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {
namespace {

// A child ends itself at its deadline; one that cannot (signals blocked, stopped) is killed later.
constexpr uint64_t kDeadlineGraceMs = 2000;
constexpr int kHarnessPollMs = 50;
constexpr int kSlotWaitUs = 100;

struct RunningChild {
    int pid_fd;
    uint32_t slot;
    uint64_t started_ns;
};

struct Explorer {
    dearth_control_header* page;
    RunningChild running[DEARTH_SLOTS_MAX];
    uint32_t running_count;
    uint32_t next_slot;
    pid_t harness;
    bool is_child;
};

constinit Explorer explorer_ = {};

uint64_t now_ns() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u +
           static_cast<uint64_t>(time.tv_nsec);
}

dearth_trial_slot* slots() {
    return reinterpret_cast<dearth_trial_slot*>(reinterpret_cast<char*>(explorer_.page) +
                                                explorer_.page->slots.offset);
}

void show_progress() {
    __atomic_fetch_add(&explorer_.page->progress, 1, __ATOMIC_RELAXED);
}

void leave_if_harness_is_gone() {
    if (getppid() != explorer_.harness)
        leave_process(kExitDeadline);
}

// Says which slot is done. The pipe holds far more bytes than there are slots; a full one means
// that the harness is gone or stopped.
void announce(uint32_t slot) {
    const auto byte = static_cast<unsigned char>(slot);
    while (write(explorer_.page->config.event_fd, &byte, 1) < 0) {
        if (errno != EINTR && errno != EAGAIN)
            return;
        leave_if_harness_is_gone();
        poll(nullptr, 0, 1);
    }
}

void publish(uint32_t index) {
    dearth_trial_slot& slot = slots()[index];
    __atomic_store_n(&slot.state, static_cast<uint32_t>(DEARTH_SLOT_DONE), __ATOMIC_RELEASE);
    announce(index);
}

void end_child(uint32_t position) {
    const RunningChild child = explorer_.running[position];
    explorer_.running[position] = explorer_.running[--explorer_.running_count];
    const SplitEnd end = reap_split(child.pid_fd);
    dearth_trial_slot& slot = slots()[child.slot];
    slot.elapsed_ns = now_ns() - child.started_ns;
    slot.end_code = end.code;
    // What the child said of its own end is more than a wait status can tell.
    if (slot.end == DEARTH_END_NONE)
        slot.end = end.was_signaled ? DEARTH_END_SIGNALED : DEARTH_END_EXITED;
    publish(child.slot);
    show_progress();
}

uint64_t remaining_ms(const RunningChild& child) {
    const uint64_t limit_ms = explorer_.page->config.deadline_ms + kDeadlineGraceMs;
    const uint64_t spent_ms = (now_ns() - child.started_ns) / 1'000'000u;
    return spent_ms < limit_ms ? limit_ms - spent_ms : 0;
}

void kill_overdue() {
    for (uint32_t i = 0; i < explorer_.running_count; ++i) {
        RunningChild& child = explorer_.running[i];
        if (remaining_ms(child) > 0)
            continue;
        slots()[child.slot].end = DEARTH_END_DEADLINE;
        kill_split(child.pid_fd);
    }
}

// Reaps every child that has ended, after waiting until at least one has.
void wait_for_a_child() {
    pollfd waits[DEARTH_SLOTS_MAX];
    for (;;) {
        for (uint32_t i = 0; i < explorer_.running_count; ++i)
            waits[i] = {explorer_.running[i].pid_fd, POLLIN, 0};
        const int ready = poll(waits, explorer_.running_count, kHarnessPollMs);
        show_progress();
        if (ready > 0)
            break;
        leave_if_harness_is_gone();
        kill_overdue();
    }
    // Backwards: end_child fills a hole from the end.
    for (uint32_t i = explorer_.running_count; i-- > 0;) {
        if (waits[i].revents != 0)
            end_child(i);
    }
}

// A slot nobody uses; slot 0 is the forward run's own.
uint32_t take_free_slot() {
    const uint32_t count = explorer_.page->config.slot_count;
    for (;;) {
        for (uint32_t tried = 1; tried < count; ++tried) {
            const uint32_t index = 1 + explorer_.next_slot++ % (count - 1);
            if (__atomic_load_n(&slots()[index].state, __ATOMIC_ACQUIRE) == DEARTH_SLOT_FREE)
                return index;
        }
        show_progress();
        leave_if_harness_is_gone();
        const timespec pause = {0, kSlotWaitUs * 1000};
        nanosleep(&pause, nullptr);
    }
}

// The schedule of the trial at this ordinal: the window's filters, one ordinal, this kind.
void trial_schedule(dearth_schedule& schedule, const dearth_sweep_kind& kind, uint64_t ordinal) {
    const dearth_term& window = explorer_.page->config.schedule.terms[0];
    schedule.term_count = 1;
    dearth_term& term = schedule.terms[0];
    dearth_term_default(&term);
    term.selector = DEARTH_SELECT_RANGE;
    term.first = ordinal;
    term.last = ordinal;
    term.kind = kind.kind;
    term.burst = kind.burst;
    term.action = kind.action;
    term.corrupt_bytes = window.corrupt_bytes;
    term.corrupt_offset = window.corrupt_offset;
    term.fill_byte = window.fill_byte;
    term.when = window.when;
    term.unless = window.unless;
}

bool names_a_place(const dearth_filter& filter) {
    return filter.site != 0 || filter.stack[0] != '\0' || filter.module[0] != '\0';
}

// A child needs no call stacks of its later requests, which would be half of its time, unless its
// schedule asks for them: the failed request's stack is captured already, misuse captures its own,
// and a trial that seems to leak is done again by exec, with all stacks.
bool needs_stacks(const dearth_sweep_kind& kind) {
    const dearth_term& window = explorer_.page->config.schedule.terms[0];
    return kind.kind == DEARTH_KIND_STICKY || names_a_place(window.when) ||
           names_a_place(window.unless);
}

void begin_child(uint32_t index, const dearth_sweep_kind& kind, uint64_t ordinal,
                 uint64_t out_prefix, uint64_t err_prefix) {
    const dearth_config& config = explorer_.page->config;
    explorer_.is_child = true;
    own_process();
    attach_slot(&slots()[index]);
    give_child_descriptors(config.out_fds[index], config.err_fds[index]);
    set_output_prefix(out_prefix, err_prefix);
    start_deadline(config.deadline_ms);
    static constinit dearth_schedule schedule = {};
    trial_schedule(schedule, kind, ordinal);
    replace_schedule_keeping_ordinals(schedule);
    if (!needs_stacks(kind))
        set_captures_stacks(false);
}

// True in the child.
bool split_trial(const RequestFacts& facts, uint32_t kind_index) {
    while (explorer_.running_count >= explorer_.page->config.jobs)
        wait_for_a_child();
    const uint32_t index = take_free_slot();
    dearth_trial_slot& slot = slots()[index];
    slot.kind_index = kind_index;
    slot.ordinal = facts.ordinal;
    slot.serial = facts.serial;
    slot.out_prefix_bytes = out_position();
    slot.err_prefix_bytes = err_position();
    memcpy(slot.steps, slots()[0].steps, sizeof slot.steps);
    __atomic_store_n(&slot.state, static_cast<uint32_t>(DEARTH_SLOT_RUNNING), __ATOMIC_RELEASE);
    note_offsets();
    const uint64_t started_ns = now_ns();
    const SplitResult split = split_process();
    if (split.is_child) {
        begin_child(index, explorer_.page->config.kinds[kind_index], facts.ordinal,
                    slot.out_prefix_bytes, slot.err_prefix_bytes);
        return true;
    }
    if (split.error != 0) {
        slot.end = DEARTH_END_INTERNAL;
        slot.end_code = split.error;
        strcpy(slot.note, "cannot split the process: process or memory limit reached");
        publish(index);
        return false;
    }
    explorer_.running[explorer_.running_count++] = {split.pid_fd, index, started_ns};
    return false;
}

bool is_chosen(const dearth_sweep_kind& kind, uint64_t ordinal) {
    if (explorer_.page->config.explores_all_points != 0)
        return true;
    const uint64_t bit = ordinal - 1;
    if (bit / 8 >= kind.points.capacity)
        return false;
    const auto* map = reinterpret_cast<const uint64_t*>(
        reinterpret_cast<const char*>(explorer_.page) + kind.points.offset);
    return (map[bit / 64] >> (bit % 64) & 1u) != 0;
}

}  // namespace

void start_explorer(dearth_control_header& page) {
    explorer_.page = &page;
    explorer_.harness = getppid();
    note_known_descriptors();
}

bool explore_point(const RequestFacts& facts) {
    const ErrnoSaver saver;
    show_progress();
    if (facts.ordinal == 0)
        return false;
    const dearth_config& config = explorer_.page->config;
    for (uint32_t i = 0; i < config.kind_count && i < DEARTH_SWEEP_KINDS_MAX; ++i) {
        if (!is_chosen(config.kinds[i], facts.ordinal))
            continue;
        // A child of the target's own, by vfork or a raw clone: what follows is not our run.
        if (!is_own_process())
            return false;
        if (split_trial(facts, i))
            return true;
    }
    return false;
}

void finish_explorer() {
    while (explorer_.running_count > 0)
        wait_for_a_child();
}

bool is_explorer_child() {
    return explorer_.is_child;
}

}  // namespace dearth::hooks
