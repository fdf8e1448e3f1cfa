// Filters, selectors and kinds, evaluated term by term. Must not allocate, print or hold its lock
// while it asks the matcher.
#include "hooks/schedule/schedule_decision.h"

namespace dearth::hooks {

namespace {

// Do the fields that cost nothing match? Masks of zero are resolved by the caller, because they
// mean something else in `when` than in `unless`.
bool plain_fields_match(const dearth_filter& filter, const dearth_request& request) noexcept {
    return (filter.thread == 0 || filter.thread == request.thread) &&
           request.size_bytes >= filter.size_min_bytes &&
           (filter.size_max_bytes == 0 || request.size_bytes <= filter.size_max_bytes) &&
           request.align_bytes >= filter.align_min_bytes &&
           (filter.site == 0 || filter.site == request.site);
}

bool mask_matches(uint32_t mask, uint32_t mask_when_zero, uint32_t bit) noexcept {
    return has_bit(mask == 0 ? mask_when_zero : mask, bit);
}

bool patterns_match(const dearth_filter& filter, const StackMatcher* matcher) noexcept {
    if (filter.module[0] != '\0' && (matcher == nullptr || matcher->matches_module == nullptr ||
                                     !matcher->matches_module(matcher->ctx, filter.module))) {
        return false;
    }
    return filter.stack[0] == '\0' || (matcher != nullptr && matcher->matches_stack != nullptr &&
                                       matcher->matches_stack(matcher->ctx, filter.stack));
}

bool has_patterns(const dearth_filter& filter) noexcept {
    return filter.stack[0] != '\0' || filter.module[0] != '\0';
}

bool excludes_something(const dearth_filter& filter) noexcept {
    return (filter.op_mask | filter.domain_mask | filter.phase_mask | filter.thread) != 0 ||
           (filter.size_min_bytes | filter.size_max_bytes | filter.align_min_bytes | filter.site) !=
               0 ||
           has_patterns(filter);
}

bool term_sees(const dearth_term& term, const dearth_request& request,
               const StackMatcher* matcher) noexcept {
    const dearth_filter& when = term.when;
    if (!has_bit(kInjectablePhases, request.phase) ||
        !mask_matches(when.op_mask, kDefaultOps, request.op) ||
        !mask_matches(when.domain_mask, ~0u, request.domain) ||
        !mask_matches(when.phase_mask, ~0u, request.phase) || !plain_fields_match(when, request)) {
        return false;
    }
    const dearth_filter& unless = term.unless;
    const bool may_be_excluded =
        excludes_something(unless) && mask_matches(unless.op_mask, ~0u, request.op) &&
        mask_matches(unless.domain_mask, ~0u, request.domain) &&
        mask_matches(unless.phase_mask, ~0u, request.phase) && plain_fields_match(unless, request);
    if (may_be_excluded && !has_patterns(unless)) {
        return false;
    }
    if (has_patterns(when) && !patterns_match(when, matcher)) {
        return false;
    }
    return !may_be_excluded || !patterns_match(unless, matcher);
}

bool is_in_list(const dearth_term& term, uint64_t ordinal) noexcept {
    for (uint32_t index = 0; index < term.list_count && index < DEARTH_LIST_MAX; ++index) {
        if (term.list[index] == ordinal) {
            return true;
        }
    }
    return false;
}

// The top 34 bits scaled to kProbabilityParts: the product just fits 64 bits.
bool draw_succeeds(const dearth_term& term, uint64_t ordinal) noexcept {
    const uint64_t part = ((random_at(term.seed, ordinal) >> 30) * kProbabilityParts) >> 34;
    return part < term.probability_ppb;
}

bool is_over_budget(const dearth_term& term, const dearth_request& request) noexcept {
    return request.live_bytes > term.budget_bytes ||
           request.size_bytes > term.budget_bytes - request.live_bytes;
}

bool is_held_by_sticky(const TermState& state, const dearth_request& request) noexcept {
    return state.is_sticky_active &&
           (request.size_bytes >= state.sticky_size ||
            (state.sticky_site != 0 && state.sticky_site == request.site));
}

// Counts one request the term sees; says whether the term fires at it.
bool advance(const dearth_term& term, TermState& state, uint32_t& sticky_terms,
             const dearth_request& request) noexcept {
    const uint64_t ordinal = ++state.seen;
    const bool was_held = is_held_by_sticky(state, request);
    const bool has_firings_left = term.times == 0 || state.fired < term.times;
    if (has_firings_left && selects(term, ordinal) &&
        (term.selector != DEARTH_SELECT_BUDGET || is_over_budget(term, request))) {
        ++state.fired;
        state.fired_ordinal = ordinal;
        // A request that sticks already says nothing new; one that does not is smaller, so its
        // size holds all that the older one held.
        if (term.kind == DEARTH_KIND_STICKY && !was_held) {
            sticky_terms += state.is_sticky_active ? 0 : 1;
            state.is_sticky_active = true;
            state.sticky_size = request.size_bytes;
            state.sticky_site = request.site;
        }
        return true;
    }
    if (state.fired == 0) {
        return false;
    }
    switch (term.kind) {
        case DEARTH_KIND_BURST:
            return ordinal - state.fired_ordinal < term.burst;
        case DEARTH_KIND_PERSISTENT:
            return true;
        case DEARTH_KIND_STICKY:
            return was_held;
        default:
            return false;
    }
}

bool is_only_masks(const dearth_filter& filter) noexcept {
    return filter.thread == 0 && filter.size_min_bytes == 0 && filter.size_max_bytes == 0 &&
           filter.align_min_bytes == 0 && filter.site == 0 && !has_patterns(filter);
}

// The ordinals at which a lone term fires, when they are one interval known beforehand.
bool find_interval(const dearth_term& term, uint64_t& first, uint64_t& last) noexcept {
    if (term.selector == DEARTH_SELECT_ALL) {
        first = 1;
        last = UINT64_MAX;
    } else if (term.selector == DEARTH_SELECT_RANGE && term.first <= term.last) {
        first = term.first;
        last = term.last;
    } else {
        return false;
    }
    if (term.kind == DEARTH_KIND_PERSISTENT) {
        last = UINT64_MAX;
    } else if (term.kind == DEARTH_KIND_BURST) {
        const uint64_t more = term.burst == 0 ? 0 : term.burst - 1;
        last = last > UINT64_MAX - more ? UINT64_MAX : last + more;
    } else if (term.kind != DEARTH_KIND_ONCE) {
        return false;
    }
    return true;
}

}  // namespace

bool selects(const dearth_term& term, uint64_t ordinal) noexcept {
    if (ordinal <= term.after) {
        return false;
    }
    switch (term.selector) {
        case DEARTH_SELECT_ALL:
        case DEARTH_SELECT_BUDGET:
            return true;
        case DEARTH_SELECT_RANGE:
            return ordinal >= term.first && ordinal <= term.last;
        case DEARTH_SELECT_LIST:
            return is_in_list(term, ordinal);
        case DEARTH_SELECT_EVERY:
            return term.first != 0 && (ordinal - term.after) % term.first == 0;
        case DEARTH_SELECT_PROBABILITY:
            return draw_succeeds(term, ordinal);
        default:
            return false;
    }
}

uint32_t terms_that_see(const dearth_schedule& schedule, const dearth_request& request,
                        const StackMatcher* matcher) noexcept {
    uint32_t seeing = 0;
    for (uint32_t index = 0; index < schedule.term_count && index < DEARTH_TERMS_MAX; ++index) {
        if (term_sees(schedule.terms[index], request, matcher)) {
            seeing |= 1u << index;
        }
    }
    return seeing;
}

void prepare(const dearth_schedule& schedule, ScheduleState& state) noexcept {
    SpinLockScope scope(state.lock);
    state.lone = {};
    for (TermState& term : state.terms) {
        term = {};
    }
    state.sticky_terms = 0;
    const dearth_term& term = schedule.terms[0];
    LoneTerm lone = {};
    if (schedule.term_count == 1 && term.times == 0 && term.after == 0 &&
        is_only_masks(term.when) && !excludes_something(term.unless) &&
        find_interval(term, lone.first, lone.last)) {
        lone.op_mask = term.when.op_mask == 0 ? kDefaultOps : term.when.op_mask;
        lone.domain_mask = term.when.domain_mask == 0 ? ~0u : term.when.domain_mask;
        lone.phase_mask =
            kInjectablePhases & (term.when.phase_mask == 0 ? ~0u : term.when.phase_mask);
        lone.action = term.action;
        lone.is_ready = true;
        state.lone = lone;
    }
}

void end_sticky(ScheduleState& state) noexcept {
    if (__atomic_load_n(&state.sticky_terms, __ATOMIC_RELAXED) == 0) {
        return;
    }
    SpinLockScope scope(state.lock);
    for (TermState& term : state.terms) {
        term.is_sticky_active = false;
    }
    __atomic_store_n(&state.sticky_terms, 0, __ATOMIC_RELAXED);
}

Decision decide_any(const dearth_schedule& schedule, ScheduleState& state,
                    const dearth_request& request, const StackMatcher* matcher) noexcept {
    const uint32_t seeing = terms_that_see(schedule, request, matcher);
    Decision decision = {};
    if (seeing == 0) {
        return decision;
    }
    SpinLockScope scope(state.lock);
    uint32_t sticky_terms = state.sticky_terms;
    for (uint32_t index = 0; index < DEARTH_TERMS_MAX && (seeing >> index) != 0; ++index) {
        if (!has_bit(seeing, index)) {
            continue;
        }
        const dearth_term& term = schedule.terms[index];
        const bool fires = advance(term, state.terms[index], sticky_terms, request);
        if (fires && !decision.fires) {
            decision.fires = true;
            decision.term = index;
            decision.action = term.action;
        }
    }
    __atomic_store_n(&state.sticky_terms, sticky_terms, __ATOMIC_RELAXED);
    decision.ordinal = has_bit(seeing, 0) ? state.terms[0].seen : 0;
    return decision;
}

}  // namespace dearth::hooks
