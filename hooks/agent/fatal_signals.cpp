#include "hooks/agent/fatal_signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hooks/base/mapped_pages.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/record/call_stack.h"
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

int deadline_signal() {
    // Near the top: interpreters and libc use the lowest real-time signals.
    return SIGRTMAX - 2;
}

void record_stack(dearth_trial_slot* slot, const void* context) {
    void* frames[DEARTH_FRAMES_MAX];
    const size_t depth = capture_from_signal(frames, DEARTH_FRAMES_MAX, context);
    fill_stack(slot->fatal, frames, depth, true);
}

void on_fatal(int signal_number, siginfo_t* info, void* context) {
    dearth_trial_slot* slot = current_slot();
    if (slot != nullptr && !is_handling_) {
        is_handling_ = true;
        const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
        slot->phase = static_cast<uint32_t>(current_phase());
        slot->fatal_address = address;
        slot->is_stack_overflow = signal_number == SIGSEGV && address < stack_low_ + 4096 &&
                                  address + kOverflowReach >= stack_low_;
        __atomic_store_n(&slot->fatal_signal, signal_number, __ATOMIC_RELEASE);
        // Last: unwinding a damaged stack may itself fault, and the facts above must stand.
        record_stack(slot, context);
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
        __atomic_store_n(&slot->end, static_cast<uint32_t>(DEARTH_END_DEADLINE), __ATOMIC_RELEASE);
        record_stack(slot, context);
    }
    _exit(kExitDeadline);
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
