// What happens to one request: pure decisions from (schedule, ordinal, request). Touches nothing
// but the state it is given; allocates nothing, prints nothing, knows no layer.
//
// Thread rule: decide and end_sticky may run in any thread, on one shared state. Filters are
// evaluated without a lock; only the counting is serialized. Nothing may run beside prepare.
#pragma once

#include <stdint.h>
#include <sys/single_threaded.h>

#include "dearth/schedule.h"
#include "hooks/base/prng.h"
#include "hooks/base/spin_lock.h"

namespace dearth::hooks {

// What a term remembers between requests. Valid when zero.
struct TermState {
    uint64_t seen;           // requests that passed the filters; the ordinal of the latest one
    uint64_t fired;          // firings of the selector, at most `times`
    uint64_t fired_ordinal;  // of the latest firing; 0: none yet
    bool is_sticky_active;
    uint64_t sticky_size;  // bytes: requests of at least that size fail too
    uint64_t sticky_site;  // requests from there fail too; 0: none
};

// A schedule of one term whose decisions need nothing but masks and the ordinal, boiled down by
// `prepare`: that is what a sweep arms for nearly every request, so it must cost next to nothing.
struct LoneTerm {
    bool is_ready;
    uint32_t op_mask;
    uint32_t domain_mask;
    uint32_t phase_mask;
    uint32_t action;
    uint64_t first;  // fires from this ordinal
    uint64_t last;   // to this one
};

// Valid when zero: nothing seen, not prepared. Read `terms[i].seen`; the rest is private.
struct ScheduleState {
    LoneTerm lone;
    TermState terms[DEARTH_TERMS_MAX];
    uint32_t sticky_terms;  // terms with is_sticky_active; lets end_sticky leave early
    // Whoever gives a state static life also gives this to add_fork_lock.
    SpinLock lock;  // guards terms and sticky_terms, except lone's count
};

struct Decision {
    bool fires;
    uint32_t term;     // index of the deciding term; 0 when none fires
    uint32_t action;   // enum dearth_action; means nothing when none fires
    uint64_t ordinal;  // of the request in term 0; 0: its filters do not see the request
};

// How a filter asks about things only the caller knows. Asked only when every other field of the
// filter matches, because capturing a stack is dear.
struct StackMatcher {
    void* ctx;
    bool (*matches_stack)(void* ctx, const char* glob);
    bool (*matches_module)(void* ctx, const char* glob);
};

// Check and warm-up belong to the harness: they are seen by no term, whatever its mask says.
inline constexpr uint32_t kInjectablePhases =
    (1u << DEARTH_PHASE_OPEN) | (1u << DEARTH_PHASE_RUN) | (1u << DEARTH_PHASE_CLOSE);
inline constexpr uint32_t kDefaultOps =
    ((1u << DEARTH_OP_COUNT) - 1) & ~(1u << DEARTH_OP_SHRINK) & ~(1u << DEARTH_OP_ARENA);

// Probabilities count in parts of this many.
inline constexpr uint64_t kProbabilityParts = UINT64_C(1000000000);

// Does the selector choose this ordinal? Depends on nothing but its arguments. `times` is left
// out: it bounds how many chosen ordinals fire, the first ones. A budget chooses every ordinal
// past `after` here and decides by the live bytes.
bool selects(const dearth_term& term, uint64_t ordinal) noexcept;

// Bit i is set when term i sees the request. A NULL matcher matches no stack and no module.
uint32_t terms_that_see(const dearth_schedule& schedule, const dearth_request& request,
                        const StackMatcher* matcher) noexcept;

// Forgets what happened so far and gets ready for `schedule`. Not needed after zeroing, but then
// decide takes its general path.
void prepare(const dearth_schedule& schedule, ScheduleState& state) noexcept;

// Control is back with the embedder: sticky faults let go.
void end_sticky(ScheduleState& state) noexcept;

// Glob of a whole text: `*`, `?`, `[abc]`, `[a-z]`, `[!a-z]`. A `[` that nothing closes stands
// for itself. NULL text matches nothing.
bool glob_matches(const char* pattern, const char* text) noexcept;

// The general path of decide.
Decision decide_any(const dearth_schedule& schedule, ScheduleState& state,
                    const dearth_request& request, const StackMatcher* matcher) noexcept;

constexpr bool has_bit(uint32_t mask, uint32_t bit) noexcept {
    return ((mask >> (bit & 31u)) & 1u) != 0;
}

// A locked increment costs as much as all the rest of a decision, hence the question to libc.
inline uint64_t count_one(uint64_t& counter) noexcept {
    if (__libc_single_threaded != 0) {
        return ++counter;
    }
    // Relaxed: ordinals need to be distinct; nothing is published through them.
    return __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
}

// Counts the request in every term that sees it; the first term that fires decides.
inline Decision decide(const dearth_schedule& schedule, ScheduleState& state,
                       const dearth_request& request, const StackMatcher* matcher) noexcept {
    const LoneTerm& lone = state.lone;
    if (!lone.is_ready) {
        return decide_any(schedule, state, request, matcher);
    }
    if (!has_bit(lone.op_mask, request.op) || !has_bit(lone.domain_mask, request.domain) ||
        !has_bit(lone.phase_mask, request.phase)) {
        return Decision{false, 0, lone.action, 0};
    }
    const uint64_t ordinal = count_one(state.terms[0].seen);
    return Decision{ordinal >= lone.first && ordinal <= lone.last, 0, lone.action, ordinal};
}

}  // namespace dearth::hooks
