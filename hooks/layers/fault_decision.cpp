// One request against observer and schedule. State is one for the process: ordinals run through
// all domains.
#include "hooks/layers/fault_decision.h"

#include <errno.h>
#include <string.h>

#include "hooks/base/errno_saver.h"
#include "hooks/base/fork_locks.h"
#include "hooks/base/reentrancy_guard.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/page_writer.h"
#include "hooks/record/stack_depot.h"

namespace dearth::hooks {

constinit FaultState fault_state = {};

namespace {

constinit dearth_schedule schedule = {};
constinit ScheduleState schedule_state = {};

// What the terms had counted before the request in progress, kept for an observer that replaces
// the schedule in the middle of it: only a process with one thread does that.
constinit uint64_t seen_before[DEARTH_TERMS_MAX] = {};

bool matches_stack(void* ctx, const char* glob) noexcept {
    return stack_matches_function(*static_cast<StackId*>(ctx), glob, glob_matches);
}

bool matches_module(void* ctx, const char* glob) noexcept {
    return stack_matches_module(*static_cast<StackId*>(ctx), glob, glob_matches);
}

void update_watching() noexcept {
    fault_state.is_watching = schedule.term_count != 0 || fault_state.captures_stacks ||
                              fault_state.observer.on_request != nullptr ||
                              fault_state.check_interval != 0;
    fault_state.sees_arenas = false;
    for (uint32_t index = 0; index < schedule.term_count && index < DEARTH_TERMS_MAX; ++index) {
        fault_state.sees_arenas |= has_bit(schedule.terms[index].when.op_mask, DEARTH_OP_ARENA);
    }
}

dearth_request make_request(uint32_t domain, uint32_t op, size_t size_bytes,
                            size_t align_bytes) noexcept {
    dearth_request request;
    request.op = op;
    request.domain = domain;
    request.phase = __atomic_load_n(&fault_state.phase, __ATOMIC_RELAXED);
    request.thread = request_context.thread;
    request.size_bytes = size_bytes;
    request.align_bytes = align_bytes;
    request.live_bytes = __atomic_load_n(&heap_totals.live_bytes, __ATOMIC_RELAXED);
    request.site = 0;
    return request;
}

Decision ask_schedule(const dearth_request& request) noexcept {
    if (schedule.term_count == 0 || __atomic_load_n(&fault_state.is_disarmed, __ATOMIC_RELAXED)) {
        return Decision{};
    }
    const StackMatcher matcher = {&request_context.stack_id, matches_stack, matches_module};
    return decide(schedule, schedule_state, request, &matcher);
}

bool ask_observer(const RequestFacts& facts) noexcept {
    const RequestObserver& observer = fault_state.observer;
    return observer.on_request != nullptr && observer.on_request(observer.ctx, facts);
}

bool may_inject() noexcept {
    const RequestObserver& observer = fault_state.observer;
    return observer.may_inject == nullptr || observer.may_inject(observer.ctx);
}

Plan plan_of(const Decision& decision) noexcept {
    const dearth_term& term = schedule.terms[decision.term];
    Plan plan = {};
    plan.is_failing = decision.action == DEARTH_ACTION_FAIL;
    plan.has_effect = !plan.is_failing;
    plan.action = decision.action;
    plan.term = decision.term;
    plan.corrupt_bytes = term.corrupt_bytes;
    plan.corrupt_offset = term.corrupt_offset;
    plan.fill_byte = static_cast<unsigned char>(term.fill_byte);
    return plan;
}

void inject(const RequestFacts& facts, uint32_t action) noexcept {
    ErrnoSaver saver;
    count_one(fault_state.injected);
    const RequestObserver& observer = fault_state.observer;
    if (observer.on_injected != nullptr) {
        observer.on_injected(observer.ctx, facts, action);
    }
    dearth_on_injected_fault();
}

void remember_ordinals() noexcept {
    SpinLockScope scope(schedule_state.lock);
    for (uint32_t index = 0; index < schedule.term_count && index < DEARTH_TERMS_MAX; ++index) {
        // A lone term counts without the lock.
        seen_before[index] = __atomic_load_n(&schedule_state.terms[index].seen, __ATOMIC_RELAXED);
    }
}

// What all but the plainest request need: an observer, a stack, a periodic check.
__attribute__((noinline)) Plan decide_in_full(dearth_request& request) noexcept {
    ErrnoSaver saver;
    RequestContext& context = request_context;
    context.stack_id = fault_state.captures_stacks ? intern_current_stack(context.caller) : 0;
    request.site = stack_site(context.stack_id);
    if (fault_state.observer.on_request != nullptr) {
        remember_ordinals();
    }
    Decision decision = ask_schedule(request);
    RequestFacts facts = {request, context.serial, decision.ordinal, context.stack_id, 0};
    if (decision.ordinal != 0) {
        count_one(fault_state.selected);
        facts.occurrence = count_selected(context.stack_id);
    }
    if (ask_observer(facts)) {
        decision = ask_schedule(request);
    }
    if (fault_state.check_interval != 0 && context.serial % fault_state.check_interval == 0) {
        fault_state.check();
    }
    if (!decision.fires || !may_inject()) {
        return Plan{};
    }
    inject(facts, decision.action);
    return plan_of(decision);
}

}  // namespace

void number_this_thread() noexcept {
    request_context.thread = __atomic_add_fetch(&fault_state.threads, 1, __ATOMIC_RELAXED);
}

void count_exhausted() noexcept {
    count_one(fault_state.exhausted);
}

Plan decide_request(uint32_t domain, uint32_t op, size_t size_bytes, size_t align_bytes) noexcept {
    dearth_request request = make_request(domain, op, size_bytes, align_bytes);
    if (fault_state.observer.on_request != nullptr || fault_state.captures_stacks ||
        fault_state.check_interval != 0) {
        return decide_in_full(request);
    }
    const Decision decision = ask_schedule(request);
    if (decision.ordinal != 0) {
        count_one(fault_state.selected);
    }
    if (__builtin_expect(!decision.fires, 1) || !may_inject()) {
        return Plan{};
    }
    const RequestFacts facts = {request, request_context.serial, decision.ordinal, 0, 0};
    inject(facts, decision.action);
    return plan_of(decision);
}

void apply_effect(const Plan& plan, unsigned char* block, size_t size_bytes) noexcept {
    switch (plan.action) {
        case DEARTH_ACTION_CORRUPT_FRONT:
            // Inverted rather than set: whatever stood there, it is changed.
            for (size_t index = 0; index < plan.corrupt_bytes; ++index) {
                unsigned char* byte = block - 1 - plan.corrupt_offset - index;
                *byte = static_cast<unsigned char>(~*byte);
            }
            break;
        case DEARTH_ACTION_CORRUPT_REAR:
            for (size_t index = 0; index < plan.corrupt_bytes; ++index) {
                unsigned char* byte = block + size_bytes + plan.corrupt_offset + index;
                *byte = static_cast<unsigned char>(~*byte);
            }
            break;
        case DEARTH_ACTION_FILL:
            if (plan.kept_bytes < size_bytes) {
                memset(block + plan.kept_bytes, plan.fill_byte, size_bytes - plan.kept_bytes);
            }
            break;
        default:
            break;
    }
}

bool fails_arena(size_t size_bytes, void* caller) noexcept {
    // The request around this one goes on afterwards: what it is must survive.
    const RequestContext outer = request_context;
    ReentrancyGuard guard;
    RequestContext& context = request_context;
    if (context.thread == 0) {
        number_this_thread();
    }
    const uint32_t thread = context.thread;
    context.op = DEARTH_OP_ARENA;
    context.caller = caller;
    context.serial = count_request();
    const Plan plan =
        decide_request(DEARTH_DOMAIN_OBJECT, DEARTH_OP_ARENA, size_bytes, kDefaultAlignment);
    request_context = outer;
    request_context.thread = thread;
    return plan.is_failing;
}

// A schedule is 22 KB of mostly unused terms: a child that copied them all would pay for six pages.
static void copy_used_terms(const dearth_schedule& replacement) noexcept {
    constexpr uint32_t kTermsMax = DEARTH_TERMS_MAX;
    const uint32_t count = replacement.term_count < kTermsMax ? replacement.term_count : kTermsMax;
    memcpy(schedule.terms, replacement.terms, count * sizeof(dearth_term));
    schedule.term_count = count;
}

void set_observer(const RequestObserver* observer) noexcept {
    fault_state.observer = observer == nullptr ? RequestObserver{} : *observer;
    update_watching();
}

void set_schedule(const dearth_schedule* replacement) noexcept {
    if (replacement == nullptr) {
        schedule.term_count = 0;
    } else {
        copy_used_terms(*replacement);
    }
    prepare(schedule, schedule_state);
    add_fork_lock(schedule_state.lock, LockRank::kSchedule);
    reset_selected_counts();
    fault_state.requests = 0;
    fault_state.selected = 0;
    fault_state.injected = 0;
    fault_state.exhausted = 0;
    update_watching();
}

void replace_schedule_keeping_ordinals(const dearth_schedule& replacement) noexcept {
    copy_used_terms(replacement);
    prepare(schedule, schedule_state);
    for (uint32_t index = 0; index < DEARTH_TERMS_MAX; ++index) {
        schedule_state.terms[index].seen = seen_before[index];
    }
    update_watching();
}

void set_captures_stacks(bool captures) noexcept {
    if (captures) {
        call_stack_prepare();
    }
    fault_state.captures_stacks = captures;
    update_watching();
}

void set_captures_free_stacks(bool captures) noexcept {
    if (captures) {
        call_stack_prepare();
    }
    fault_state.captures_free_stacks = captures;
}

bool captures_stacks() noexcept {
    return fault_state.captures_stacks;
}

dearth_phase set_phase(dearth_phase phase) noexcept {
    const auto value = static_cast<uint32_t>(phase);
    const uint32_t before = __atomic_exchange_n(&fault_state.phase, value, __ATOMIC_RELAXED);
    set_reported_phase(value);
    end_sticky(schedule_state);
    return static_cast<dearth_phase>(before);
}

dearth_phase current_phase() noexcept {
    return static_cast<dearth_phase>(__atomic_load_n(&fault_state.phase, __ATOMIC_RELAXED));
}

void control_returned() noexcept {
    end_sticky(schedule_state);
}

void disarm() noexcept {
    __atomic_store_n(&fault_state.is_disarmed, true, __ATOMIC_RELAXED);
}

void arm() noexcept {
    __atomic_store_n(&fault_state.is_disarmed, false, __ATOMIC_RELAXED);
}

FaultCounters read_fault_counters() noexcept {
    return FaultCounters{__atomic_load_n(&fault_state.requests, __ATOMIC_RELAXED),
                         __atomic_load_n(&fault_state.selected, __ATOMIC_RELAXED),
                         __atomic_load_n(&fault_state.injected, __ATOMIC_RELAXED),
                         __atomic_load_n(&fault_state.exhausted, __ATOMIC_RELAXED),
                         __atomic_load_n(&fault_state.threads, __ATOMIC_RELAXED)};
}

void set_periodic_check(uint64_t interval, void (*check)()) noexcept {
    fault_state.check = check;
    fault_state.check_interval = check == nullptr ? 0 : interval;
    update_watching();
}

}  // namespace dearth::hooks

// Never inlined, or a breakpoint on it would stop nowhere.
__attribute__((noinline)) void dearth_on_injected_fault(void) {
    // An empty function may be folded into another one; the barrier keeps it a place of its own.
    __asm__ volatile("" ::: "memory");
}
