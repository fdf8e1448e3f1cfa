#include "hooks/agent/agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dearth/guard.h"
#include "dearth/install.h"
#include "hooks/agent/baseline_recorder.h"
#include "hooks/agent/child_descriptors.h"
#include "hooks/agent/explorer.h"
#include "hooks/agent/fatal_signals.h"
#include "hooks/base/leave_process.h"
#include "hooks/base/raw_output.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/module_table.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {
namespace {

constexpr int kExitRefused = 125;
constexpr uintptr_t kPageAddress = 0x500000000000u;  // a wish: the kernel may say otherwise

constinit dearth_control_header* page_ = nullptr;
constinit ScriptStackSource script_ = {};

[[noreturn]] void leave(const char* text) {
    RawOutput line;
    line.text("dearth: ").text(text).text("\n").write_to(STDERR_FILENO);
    leave_process(kExitRefused);
}

int parse_fd(const char* text) {
    int value = 0;
    if (*text == '\0')
        return -1;
    for (; *text != '\0'; ++text) {
        if (*text < '0' || *text > '9' || value > 100'000)
            return -1;
        value = value * 10 + (*text - '0');
    }
    return value;
}

void set_limit(__rlimit_resource_t which, uint64_t value) {
    rlimit limit = {value, value};
    setrlimit(which, &limit);
}

// Address space in use: the first field of statm, in pages.
uint64_t mapped_bytes() {
    char text[32] = {};
    const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    const ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    uint64_t pages = 0;
    for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i)
        pages = pages * 10 + static_cast<uint64_t>(text[i] - '0');
    return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

dearth_trial_slot* own_slot() {
    return reinterpret_cast<dearth_trial_slot*>(reinterpret_cast<char*>(page_) +
                                                page_->slots.offset);
}

void end_as_livelock() {
    dearth_trial_slot* slot = current_slot();
    slot->phase = static_cast<uint32_t>(dearth_current_phase());
    void* frames[DEARTH_FRAMES_MAX];
    const size_t depth = capture(frames, DEARTH_FRAMES_MAX, nullptr);
    fill_stack(slot->fatal, frames, depth, false);
    __atomic_store_n(&slot->end, static_cast<uint32_t>(DEARTH_END_LIVELOCK), __ATOMIC_RELEASE);
    leave_process(kExitLivelock);
}

// A target with threads cannot be split: the harness then takes exec. libc's flag also tells of
// threads that never make a request.
void note_threads(uint32_t thread) {
    const uint32_t seen = __libc_single_threaded != 0 || thread > 1 ? thread : 2;
    if (seen > page_->threads_seen)
        page_->threads_seen = seen;
}

// The same holds for what a split-off trial would share with the others.
void note_sharing() {
    if (page_->shared_descriptors == 0 && has_shared_descriptors())
        page_->shared_descriptors = 1;
}

// Children that were waited for have left their traces in the usage; program_run sees forks.
void note_waited_children() {
    rusage usage = {};
    if (getrusage(RUSAGE_CHILDREN, &usage) == 0 && usage.ru_minflt + usage.ru_maxrss > 0)
        page_->children_seen = 1;
}

bool on_request(void*, const RequestFacts& facts) {
    dearth_trial_slot* slot = current_slot();
    if (slot != nullptr)
        ++slot->requests;
    switch (agent_role()) {
        case AgentRole::kBaseline:
            __atomic_fetch_add(&page_->progress, 1, __ATOMIC_RELAXED);
            note_threads(facts.request.thread);
            if (facts.ordinal != 0)
                note_sharing();
            record_request(*page_, facts);
            return false;
        case AgentRole::kForward:
            ++page_->requests;
            if (facts.ordinal != 0)
                ++page_->selected;
            return explore_point(facts);
        case AgentRole::kTrial:
            return false;
    }
    return false;
}

void on_injected(void*, const RequestFacts& facts, uint32_t) {
    dearth_trial_slot* slot = current_slot();
    if (slot == nullptr)
        return;
    const uint64_t count = ++slot->injected_count;
    if (count == 1)
        record_injection(facts, script_);
    const uint64_t limit = page_->config.failure_limit;
    if (limit != 0 && count > limit)
        end_as_livelock();
}

// A child by vfork or a raw clone runs on our state before it executes something else.
bool may_inject(void*) {
    return is_own_process();
}

// The window alone: its filters number the requests, nothing fires.
void window_schedule(const dearth_schedule& configured, dearth_schedule& schedule) {
    schedule = configured;
    schedule.term_count = 1;
    schedule.terms[0].selector = DEARTH_SELECT_LIST;
    schedule.terms[0].list_count = 0;
}

}  // namespace

dearth_control_header* attach_control_page() {
    const char* text = getenv(DEARTH_CONTROL_FD_VARIABLE);
    if (text == nullptr)
        return nullptr;
    const int fd = parse_fd(text);
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0)
        leave(DEARTH_CONTROL_FD_VARIABLE
              " names no open descriptor; start this program by `dearth run`");
    const auto bytes = static_cast<size_t>(facts.st_size);
    if (bytes < sizeof(dearth_control_header))
        leave(DEARTH_CONTROL_FD_VARIABLE " names a file too short for a control page");
    // Far from everything else: pages of the modes differ in size, and where the target's own
    // mappings lie must not depend on that (CPython makes requests by the address of its arenas).
    auto* const wanted = reinterpret_cast<void*>(kPageAddress);
    void* mapping = mmap(wanted, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapping == MAP_FAILED)
        leave("cannot map the control page");
    auto* page = static_cast<dearth_control_header*>(mapping);
    if (page->magic != DEARTH_CONTROL_MAGIC)
        leave("the descriptor in " DEARTH_CONTROL_FD_VARIABLE " is no control page");
    if (page->version != DEARTH_CONTROL_VERSION || page->header_bytes != sizeof *page)
        leave("the control page has another version: engine and dearth come from different builds");
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    page_ = page;
    return page;
}

AgentRole agent_role() {
    if (page_ == nullptr || page_->config.mode == DEARTH_MODE_SINGLE || is_explorer_child())
        return AgentRole::kTrial;
    return page_->config.mode == DEARTH_MODE_BASELINE ? AgentRole::kBaseline : AgentRole::kForward;
}

bool start_agent(dearth_control_header& page, const AgentStart& start) {
    const dearth_config& config = page.config;
    page_ = &page;
    own_process();
    script_ = start.script;
    strncpy(page.engine_version, start.engine_version, sizeof page.engine_version - 1);
    page.pinned_layout = (personality(0xFFFFFFFFul) & ADDR_NO_RANDOMIZE) != 0;
    set_limit(RLIMIT_CORE, 0);
    page.stack_source = static_cast<uint32_t>(call_stack_prepare());
    attach_module_region(
        reinterpret_cast<dearth_module*>(reinterpret_cast<char*>(&page) + page.modules.offset),
        &page.modules);
    attach_slot(own_slot());
    own_slot()->state = DEARTH_SLOT_RUNNING;
    catch_fatal_signals(start.stack_low, start.stack_high);

    static constinit dearth_schedule schedule = {};
    if (config.mode == DEARTH_MODE_SINGLE)
        schedule = config.schedule;
    else
        window_schedule(config.schedule, schedule);
    if (config.mode == DEARTH_MODE_BASELINE)
        note_known_descriptors();
    if (config.mode == DEARTH_MODE_FORK)
        start_explorer(page);
    static constinit RequestObserver observer = {nullptr, on_request, on_injected, may_inject};
    set_observer(&observer);
    if (dearth_start(&config.options, &schedule) != 0) {
        refuse_run("the layers refuse the page's options or schedule");
        return false;
    }
    dearth_page_guard_facts facts = {};
    dearth_page_guard_read_facts(&facts);
    page.page_way = facts.way;
    // The forward run as a whole has no deadline of its own: the harness watches its progress.
    start_deadline(config.mode == DEARTH_MODE_FORK ? 0 : config.deadline_ms);
    __atomic_store_n(&page.run_state, static_cast<uint32_t>(DEARTH_RUN_ATTACHED), __ATOMIC_RELEASE);
    return true;
}

void limit_memory() {
    if (page_->config.memory_bytes != 0)
        set_limit(RLIMIT_AS, mapped_bytes() + page_->config.memory_bytes);
}

void check_leftovers(const ScanStart* start) {
    const bool is_asked = (page_->config.checks & DEARTH_CHECK_REACHABLE) != 0;
    const ScanStart* asked = is_asked ? start : nullptr;
    switch (agent_role()) {
        case AgentRole::kBaseline:
            write_baseline_leftovers(*page_, asked);
            return;
        case AgentRole::kTrial:
            compare_leftovers(*page_, asked);
            return;
        case AgentRole::kForward:
            return;  // its leftovers are the baseline's
    }
}

void refuse_run(const char* reason) {
    strncpy(page_->refusal, reason, sizeof page_->refusal - 1);
    __atomic_store_n(&page_->run_state, static_cast<uint32_t>(DEARTH_RUN_REFUSED),
                     __ATOMIC_RELEASE);
}

void close_trial() {
    note_exhausted();
    if (agent_role() == AgentRole::kBaseline)
        note_waited_children();
    if (agent_role() == AgentRole::kForward)
        finish_explorer();
    if (dearth_trial_slot* slot = current_slot(); slot != nullptr)
        __atomic_store_n(&slot->end, static_cast<uint32_t>(DEARTH_END_FINISHED), __ATOMIC_RELEASE);
    auto attached = static_cast<uint32_t>(DEARTH_RUN_ATTACHED);
    if (!is_explorer_child())  // a refusal stands
        __atomic_compare_exchange_n(&page_->run_state, &attached,
                                    static_cast<uint32_t>(DEARTH_RUN_FINISHED), false,
                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void reopen_trial() {
    if (dearth_trial_slot* slot = current_slot(); slot != nullptr)
        __atomic_store_n(&slot->end, static_cast<uint32_t>(DEARTH_END_NONE), __ATOMIC_RELEASE);
    auto finished = static_cast<uint32_t>(DEARTH_RUN_FINISHED);
    if (!is_explorer_child())
        __atomic_compare_exchange_n(&page_->run_state, &finished,
                                    static_cast<uint32_t>(DEARTH_RUN_ATTACHED), false,
                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void finish_agent() {
    dearth_disarm();
    dearth_check_blocks();
    // Buffered output of the last step belongs to it; the steps flushed theirs already.
    fflush(nullptr);
    close_trial();
    leave_process(0);
}

}  // namespace dearth::hooks
