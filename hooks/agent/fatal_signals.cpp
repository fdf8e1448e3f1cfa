#include "hooks/agent/fatal_signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "dearth/install.h"
#include "hooks/agent/trial.h"
#include "hooks/base/leave_process.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/base/reentrancy_guard.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/layers/page_guard_explain.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/misuse_text.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {
namespace {

constexpr size_t kHandlerStackBytes = 256u * 1024u;
// A frame larger than a page can skip the guard page and fault a little further down.
constexpr uintptr_t kOverflowReach = 1u << 20;
constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

constinit uintptr_t stack_low_ = 0;
constinit uintptr_t stack_high_ = 0;
constinit bool is_handling_ = false;
constinit int status_of_misuse_ = 0;

int deadline_signal() {
    // Near the top: interpreters and libc use the lowest real-time signals.
    return SIGRTMAX - 2;
}

void record_stack(dearth_trial_slot* slot, const void* context) {
    void* frames[DEARTH_FRAMES_MAX];
    const size_t depth = capture_from_signal(frames, DEARTH_FRAMES_MAX, context);
    fill_stack(slot->fatal, frames, depth, true);
}

uint32_t access_of(const void* context) {
#if defined(__x86_64__)
    // Bit 1 of the page fault's error code: Intel SDM, volume 3, "Page-Fault Exceptions".
    const auto* user = static_cast<const ucontext_t*>(context);
    return (user->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? DEARTH_ACCESS_WRITE : DEARTH_ACCESS_READ;
#else
    (void)context;
    return DEARTH_ACCESS_UNKNOWN;
#endif
}

// A fault in a closed page of the page guard is misuse of a block.
bool is_page_fault(int signal_number, const siginfo_t* info, const void* context,
                   dearth_misuse& misuse) {
    if (signal_number != SIGSEGV || info->si_code <= 0 ||
        !page_guard_explain(reinterpret_cast<uintptr_t>(info->si_addr), misuse))
        return false;
    misuse.access = access_of(context);
    return true;
}

// nullptr: there is none, or no room to say so.
dearth_misuse* record_page_fault(int signal_number, const siginfo_t* info, const void* context) {
    dearth_misuse misuse = {};
    return is_page_fault(signal_number, info, context, misuse) ? record_fault(misuse) : nullptr;
}

// Damage to a block may be what the crash comes from, and nobody looks after it. Other threads may
// hold what the look needs.
void look_at_blocks() {
    if (!is_inside_request && __libc_single_threaded != 0)
        dearth_check_blocks();
}

// Without a slot the reader is a person.
void tell_fatal(int signal_number, const siginfo_t* info, const void* context) {
    dearth_misuse misuse = {};
    const bool is_misuse = is_page_fault(signal_number, info, context, misuse);
    void* frames[DEARTH_FRAMES_MAX];
    const size_t depth = capture_from_signal(frames, DEARTH_FRAMES_MAX, context);
    if (is_misuse) {
        fill_stack(misuse.detected, frames, depth, true);
        print_fault(misuse);
    } else {
        print_signal(signal_number, reinterpret_cast<uint64_t>(info->si_addr), frames, depth);
    }
    look_at_blocks();
    if (is_misuse && status_of_misuse_ != 0)
        leave_process(status_of_misuse_);
}

void on_fatal(int signal_number, siginfo_t* info, void* context) {
    dearth_trial_slot* slot = current_slot();
    if (slot != nullptr && !is_handling_) {
        is_handling_ = true;
        // Whole programs go on a little after their last word.
        if (slot->end == DEARTH_END_FINISHED)
            slot->end = DEARTH_END_NONE;
        note_exhausted();
        const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
        slot->phase = static_cast<uint32_t>(current_phase());
        slot->fatal_address = address;
        slot->is_stack_overflow = signal_number == SIGSEGV && address < stack_low_ + 4096 &&
                                  address + kOverflowReach >= stack_low_;
        __atomic_store_n(&slot->fatal_signal, signal_number, __ATOMIC_RELEASE);
        dearth_misuse* misuse = record_page_fault(signal_number, info, context);
        // Last: unwinding a damaged stack may itself fault, and the facts above must stand.
        record_stack(slot, context);
        if (misuse != nullptr)
            misuse->detected = slot->fatal;
        look_at_blocks();
    } else if (slot == nullptr && !is_handling_) {
        is_handling_ = true;
        tell_fatal(signal_number, info, context);
    }
    signal(signal_number, SIG_DFL);
    if (info->si_code <= 0 || signal_number == SIGABRT)
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal_number);
    // Otherwise the faulting instruction runs again and dies of the same signal.
}

void on_deadline(int, siginfo_t*, void* context) {
    dearth_trial_slot* slot = current_slot();
    if (slot != nullptr && !is_handling_) {
        is_handling_ = true;
        slot->phase = static_cast<uint32_t>(current_phase());
        note_exhausted();
        __atomic_store_n(&slot->end, static_cast<uint32_t>(DEARTH_END_DEADLINE), __ATOMIC_RELEASE);
        record_stack(slot, context);
    }
    leave_process(kExitDeadline);
}

}  // namespace

void catch_fatal_signals(uintptr_t stack_low, uintptr_t stack_high) {
    stack_low_ = stack_low;
    stack_high_ = stack_high;
    stack_t handler_stack = {};
    handler_stack.ss_sp = map_pages(kHandlerStackBytes);
    handler_stack.ss_size = kHandlerStackBytes;
    if (handler_stack.ss_sp != nullptr)
        sigaltstack(&handler_stack, nullptr);
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    action.sa_sigaction = on_fatal;
    sigemptyset(&action.sa_mask);
    for (const int signal_number : kFatal)
        sigaction(signal_number, &action, nullptr);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = on_deadline;
    sigaction(deadline_signal(), &action, nullptr);
}

void set_status_of_fatal_misuse(int status) {
    status_of_misuse_ = status;
}

void start_deadline(uint64_t deadline_ms) {
    // The raw call: libc's wrapper keeps tables. Timers are not inherited by a split-off child,
    // so the identifier is only good in the process that made it.
    static constinit int timer = -1;
    static constinit pid_t timer_owner = 0;
    const pid_t self = getpid();
    if (timer_owner != self) {
        if (deadline_ms == 0)
            return;
        sigevent event = {};
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = deadline_signal();
        if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0)
            return;  // the parent's own deadline still holds
        timer_owner = self;
    }
    itimerspec when = {};
    when.it_value.tv_sec = static_cast<time_t>(deadline_ms / 1000);
    when.it_value.tv_nsec = static_cast<long>(deadline_ms % 1000 * 1'000'000);
    syscall(SYS_timer_settime, timer, 0, &when, nullptr);
}

}  // namespace dearth::hooks
