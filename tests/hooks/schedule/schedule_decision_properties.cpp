// Laws of decisions. Each decides a random stream of requests and compares with what the header
// promises; the last ones compare with a second, naive implementation and with itself.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "hooks/schedule/schedule_decision.h"
#include "tests/hooks/schedule/reference_schedule.h"
#include "tests/hooks/schedule/schedule_generators.h"

namespace dearth::hooks {

namespace {

constexpr uint64_t kStreamLength = 200;

dearth_request plain_request() {
    dearth_request request = {};
    request.phase = DEARTH_PHASE_RUN;
    request.thread = 1;
    request.size_bytes = 32;
    request.align_bytes = 16;
    return request;
}

dearth_schedule one_term(const dearth_term& term) {
    dearth_schedule schedule = {};
    schedule.term_count = 1;
    schedule.terms[0] = term;
    return schedule;
}

dearth_term unfiltered_term() {
    dearth_term term = {};
    fill_term(term);
    term.when = {};
    term.unless = {};
    return term;
}

// Ordinals at which a schedule fails plain requests.
std::set<uint64_t> faults(const dearth_schedule& schedule, bool is_prepared = false) {
    const auto state = std::make_unique<ScheduleState>();
    if (is_prepared) {
        prepare(schedule, *state);
    }
    std::set<uint64_t> ordinals;
    for (uint64_t ordinal = 1; ordinal <= kStreamLength; ++ordinal) {
        const Decision decision = decide(schedule, *state, plain_request(), nullptr);
        EXPECT_EQ(decision.ordinal, ordinal);
        if (decision.fires) {
            ordinals.insert(ordinal);
        }
    }
    return ordinals;
}

std::set<uint64_t> interval(uint64_t first, uint64_t last) {
    std::set<uint64_t> ordinals;
    for (uint64_t ordinal = first; ordinal <= std::min(last, kStreamLength); ++ordinal) {
        ordinals.insert(ordinal);
    }
    return ordinals;
}

RC_GTEST_PROP(ScheduleDecision, WindowFailsExactlyItsOrdinals, (bool is_prepared)) {
    dearth_term term = unfiltered_term();
    term.selector = DEARTH_SELECT_RANGE;
    term.kind = DEARTH_KIND_ONCE;
    term.times = 0;
    term.after = 0;
    term.first = *rc::gen::inRange<uint64_t>(1, kStreamLength);
    term.last = *rc::gen::inRange<uint64_t>(term.first, 2 * kStreamLength);
    RC_ASSERT(faults(one_term(term), is_prepared) == interval(term.first, term.last));
}

RC_GTEST_PROP(ScheduleDecision, PersistentIsASuffix, (bool is_prepared)) {
    dearth_term term = unfiltered_term();
    term.kind = DEARTH_KIND_PERSISTENT;
    const std::set<uint64_t> failed = faults(one_term(term), is_prepared);
    RC_ASSERT((failed.empty() || failed == interval(*failed.begin(), kStreamLength)));
}

RC_GTEST_PROP(ScheduleDecision, EveryKthFailsAfterTheSkippedOnesAtMostTimesOften, ()) {
    dearth_term term = {};
    dearth_term_default(&term);
    term.selector = DEARTH_SELECT_EVERY;
    term.first = *rc::gen::inRange<uint64_t>(1, 50);
    term.after = *rc::gen::inRange<uint64_t>(0, 100);
    term.times = *rc::gen::inRange<uint64_t>(0, 6);
    std::set<uint64_t> expected;
    for (uint64_t at = term.after + term.first; at <= kStreamLength; at += term.first) {
        if (term.times == 0 || expected.size() < term.times) {
            expected.insert(at);
        }
    }
    RC_ASSERT(faults(one_term(term)) == expected);
}

RC_GTEST_PROP(ScheduleDecision, BurstIsTheUnionOfRunsAfterEachFiring, ()) {
    dearth_term term = unfiltered_term();
    term.kind = DEARTH_KIND_ONCE;
    std::set<uint64_t> expected;
    term.burst = *rc::gen::inRange<uint32_t>(1, 12);
    for (const uint64_t fired : faults(one_term(term))) {
        const std::set<uint64_t> run = interval(fired, fired + term.burst - 1);
        expected.insert(run.begin(), run.end());
    }
    term.kind = DEARTH_KIND_BURST;
    RC_ASSERT(faults(one_term(term)) == expected);
}

RC_GTEST_PROP(ScheduleDecision, TimesKeepsTheFirstFirings, ()) {
    dearth_term term = unfiltered_term();
    term.kind = DEARTH_KIND_ONCE;
    term.times = 0;
    const std::set<uint64_t> all = faults(one_term(term));
    term.times = *rc::gen::inRange<uint64_t>(1, 20);
    const std::set<uint64_t> some = faults(one_term(term));
    RC_ASSERT(some.size() == std::min<size_t>(all.size(), term.times));
    RC_ASSERT(std::equal(some.begin(), some.end(), all.begin()));
}

RC_GTEST_PROP(ScheduleDecision, SelectionIsAFunctionOfTermAndOrdinalAlone, ()) {
    dearth_term term = unfiltered_term();
    term.kind = DEARTH_KIND_ONCE;
    term.times = 0;
    RC_PRE(term.selector != DEARTH_SELECT_BUDGET);
    const std::set<uint64_t> failed = faults(one_term(term));
    // Asked backwards, with questions left out: the answers stay.
    for (uint64_t ordinal = kStreamLength; ordinal >= 1;
         ordinal -= std::min(ordinal, *rc::gen::inRange<uint64_t>(1, 9))) {
        RC_ASSERT(selects(term, ordinal) == failed.contains(ordinal));
    }
}

RC_GTEST_PROP(ScheduleDecision, AFilteredStreamSeesTheSameFaultsAsItsSubset, ()) {
    dearth_term term = {};
    fill_term(term);
    std::memset(term.when.stack, 0, sizeof term.when.stack);
    std::memset(term.when.module, 0, sizeof term.when.module);
    const dearth_schedule schedule = one_term(term);
    const auto whole = std::make_unique<ScheduleState>();
    const auto subset = std::make_unique<ScheduleState>();
    for (const dearth_request& request : *any_stream()) {
        const Decision decision = decide(schedule, *whole, request, nullptr);
        if (terms_that_see(schedule, request, nullptr) == 0) {
            RC_ASSERT(!decision.fires);
            RC_ASSERT(decision.ordinal == 0u);
            continue;
        }
        const Decision alone = decide(schedule, *subset, request, nullptr);
        RC_ASSERT(alone.fires == decision.fires);
        RC_ASSERT(alone.ordinal == decision.ordinal);
    }
}

RC_GTEST_PROP(ScheduleDecision, SameSeedSameFaultsAndAnotherSeedOthers, (uint64_t seed)) {
    dearth_term term = {};
    dearth_term_default(&term);
    term.selector = DEARTH_SELECT_PROBABILITY;
    term.probability_ppb = 500'000'000;
    term.seed = seed;
    const std::set<uint64_t> failed = faults(one_term(term));
    RC_ASSERT(faults(one_term(term)) == failed);
    term.seed = *rc::gen::distinctFrom(rc::gen::arbitrary<uint64_t>(), seed);
    RC_ASSERT(faults(one_term(term)) != failed);
    term.probability_ppb = 0;
    RC_ASSERT(faults(one_term(term)).empty());
    term.probability_ppb = 1'000'000'000;
    RC_ASSERT(faults(one_term(term)).size() == kStreamLength);
}

RC_GTEST_PROP(ScheduleDecision, RaisingAProbabilityKeepsEarlierFaults, (uint64_t seed)) {
    dearth_term term = {};
    dearth_term_default(&term);
    term.selector = DEARTH_SELECT_PROBABILITY;
    term.seed = seed;
    term.probability_ppb = *rc::gen::inRange<uint64_t>(0, 1'000'000'000);
    const std::set<uint64_t> few = faults(one_term(term));
    term.probability_ppb = *rc::gen::inRange<uint64_t>(term.probability_ppb, 1'000'000'001);
    const std::set<uint64_t> more = faults(one_term(term));
    RC_ASSERT(std::includes(more.begin(), more.end(), few.begin(), few.end()));
}

struct FakeStack {
    const dearth_request* request;
};

bool fake_match(void* ctx, const char* glob) {
    return pattern_fits(glob, *static_cast<FakeStack*>(ctx)->request);
}

// One step of a random run: a request, or control going back to the embedder.
struct Step {
    dearth_request request;
    bool is_control_returned;
};

std::vector<Step> any_steps() {
    return *rc::gen::container<std::vector<Step>>(
        60, rc::gen::exec([] {
            return Step{*any_request(), *rc::gen::weightedElement<bool>({{9, false}, {1, true}})};
        }));
}

RC_GTEST_PROP(ScheduleDecision, AgreesWithTheNaiveReference, (bool is_prepared)) {
    const dearth_schedule schedule = *any_schedule();
    const auto state = std::make_unique<ScheduleState>();
    if (is_prepared) {
        prepare(schedule, *state);
    }
    std::vector<ReferenceTerm> reference;
    for (uint32_t index = 0; index < schedule.term_count; ++index) {
        reference.push_back(ReferenceTerm{&schedule.terms[index], {}});
    }
    for (const Step& step : any_steps()) {
        if (step.is_control_returned) {
            end_sticky(*state);
            for (ReferenceTerm& term : reference) {
                term.control_returned_at = term.history.size();
            }
        }
        Decision expected = {};
        for (uint32_t index = 0; index < reference.size(); ++index) {
            ReferenceTerm& term = reference[index];
            if (!term.sees(step.request)) {
                continue;
            }
            term.history.push_back(step.request);
            if (index == 0) {
                expected.ordinal = term.history.size();
            }
            if (term.newest_fires() && !expected.fires) {
                expected.fires = true;
                expected.term = index;
                expected.action = schedule.terms[index].action;
            }
        }
        FakeStack stack = {&step.request};
        const StackMatcher matcher = {&stack, fake_match, fake_match};
        const Decision decision = decide(schedule, *state, step.request, &matcher);
        RC_ASSERT(decision.ordinal == expected.ordinal);
        RC_ASSERT(decision.fires == expected.fires);
        RC_ASSERT((!expected.fires || decision.term == expected.term));
        RC_ASSERT((!expected.fires || decision.action == expected.action));
    }
}

RC_GTEST_PROP(ScheduleDecision, PreparingChangesNothingButTheSpeed, ()) {
    dearth_term term = unfiltered_term();
    term.selector = *rc::gen::element<uint32_t>(DEARTH_SELECT_ALL, DEARTH_SELECT_RANGE);
    if (term.selector == DEARTH_SELECT_RANGE) {
        term.first = *rc::gen::inRange<uint64_t>(1, 20);
        term.last =
            *rc::gen::oneOf(rc::gen::inRange<uint64_t>(term.first, 30), rc::gen::just(UINT64_MAX));
    }
    term.after = 0;
    term.times = 0;
    term.when.op_mask = any_mask(DEARTH_OP_COUNT);
    term.when.domain_mask = any_mask(3);
    term.when.phase_mask = any_mask(3);
    const dearth_schedule schedule = one_term(term);
    const auto prepared = std::make_unique<ScheduleState>();
    const auto zeroed = std::make_unique<ScheduleState>();
    prepare(schedule, *prepared);
    RC_ASSERT(prepared->lone.is_ready == (term.kind != DEARTH_KIND_STICKY));
    for (const dearth_request& request : *any_stream()) {
        const Decision fast = decide(schedule, *prepared, request, nullptr);
        const Decision general = decide(schedule, *zeroed, request, nullptr);
        RC_ASSERT(fast.fires == general.fires);
        RC_ASSERT(fast.ordinal == general.ordinal);
        RC_ASSERT((!fast.fires || fast.action == general.action));
    }
}

}  // namespace

}  // namespace dearth::hooks
