// RapidCheck generators of valid schedules and of request streams, for laws about text and about
// decisions. Every generated schedule is one that the text form can express.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "dearth/schedule.h"

namespace dearth::hooks {

inline rc::Gen<uint64_t> any_count() {
    return rc::gen::oneOf(rc::gen::inRange<uint64_t>(1, 40),
                          rc::gen::map(rc::gen::arbitrary<uint64_t>(),
                                       [](uint64_t bits) { return std::max<uint64_t>(bits, 1); }));
}

inline uint32_t any_mask(uint32_t bits) {
    return *rc::gen::weightedOneOf<uint32_t>(
        {{3, rc::gen::just(0u)}, {1, rc::gen::inRange<uint32_t>(0, 1u << bits)}});
}

inline void fill_pattern(char (&pattern)[DEARTH_PATTERN_BYTES]) {
    if (!*rc::gen::weightedElement<bool>({{4, false}, {1, true}})) {
        return;
    }
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcxyz_*?[]-!019 :<>=,")));
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string::npos) {
        return;
    }
    const size_t length = std::min<size_t>(text.size() - begin, DEARTH_PATTERN_BYTES - 1);
    std::string trimmed = text.substr(begin, length);
    trimmed.erase(trimmed.find_last_not_of(' ') + 1);
    std::memcpy(pattern, trimmed.data(), trimmed.size());
}

// Few sizes and few amounts, so that the bounds of filters and budgets are met exactly.
inline rc::Gen<uint64_t> any_size() {
    return rc::gen::elementOf(std::vector<uint64_t>{0, 1, 16, 32, 33, 48, 64, 100});
}

inline rc::Gen<uint64_t> any_amount() {
    return rc::gen::elementOf(std::vector<uint64_t>{0, 64, 100, 200});
}

inline uint64_t any_bound() {
    return *rc::gen::weightedOneOf<uint64_t>(
        {{4, rc::gen::just<uint64_t>(0)},
         {4, any_size()},
         {1, rc::gen::elementOf(std::vector<uint64_t>{1024, 1 << 20, UINT64_MAX})}});
}

inline void fill_filter(dearth_filter& filter) {
    // Each field often unset: a filter of many fields sees next to nothing.
    filter.op_mask = any_mask(DEARTH_OP_COUNT);
    filter.domain_mask = any_mask(3);
    filter.phase_mask = any_mask(3);
    filter.thread = *rc::gen::weightedOneOf<uint32_t>(
        {{4, rc::gen::just(0u)}, {1, rc::gen::inRange<uint32_t>(1, 4)}});
    filter.size_min_bytes = any_bound();
    filter.size_max_bytes = any_bound();
    if (filter.size_max_bytes != 0) {
        filter.size_min_bytes = std::min(filter.size_min_bytes, filter.size_max_bytes);
    }
    filter.align_min_bytes = *rc::gen::elementOf(std::vector<uint64_t>{0, 0, 0, 16, 64});
    filter.site = *rc::gen::elementOf(std::vector<uint64_t>{0, 0, 0, 1, 2, 0xDEADBEEF});
    fill_pattern(filter.stack);
    fill_pattern(filter.module);
}

inline void fill_selector(dearth_term& term) {
    term.selector = *rc::gen::inRange<uint32_t>(DEARTH_SELECT_ALL, DEARTH_SELECT_BUDGET + 1);
    switch (term.selector) {
        case DEARTH_SELECT_RANGE:
            term.first = *any_count();
            term.last = *rc::gen::oneOf(any_count(), rc::gen::just(UINT64_MAX));
            if (term.last < term.first) {
                std::swap(term.first, term.last);
            }
            break;
        case DEARTH_SELECT_LIST: {
            auto list = *rc::gen::container<std::vector<uint64_t>>(any_count());
            list.insert(list.end(), {1, 3});
            std::sort(list.begin(), list.end());
            list.erase(std::unique(list.begin(), list.end()), list.end());
            list.resize(std::min<size_t>(list.size(), DEARTH_LIST_MAX));
            std::copy(list.begin(), list.end(), term.list);
            term.list_count = static_cast<uint32_t>(list.size());
            break;
        }
        case DEARTH_SELECT_EVERY:
            term.first = *any_count();
            break;
        case DEARTH_SELECT_PROBABILITY:
            term.probability_ppb = *rc::gen::inRange<uint64_t>(0, 1'000'000'001);
            break;
        case DEARTH_SELECT_BUDGET:
            term.budget_bytes = *rc::gen::weightedOneOf<uint64_t>(
                {{4, any_amount()}, {1, rc::gen::arbitrary<uint64_t>()}});
            break;
        default:
            break;
    }
}

inline void fill_term(dearth_term& term) {
    dearth_term_default(&term);
    fill_selector(term);
    term.kind = *rc::gen::inRange<uint32_t>(DEARTH_KIND_ONCE, DEARTH_KIND_STICKY + 1);
    if (term.kind == DEARTH_KIND_BURST) {
        term.burst = *rc::gen::inRange<uint32_t>(1, 10);
    }
    term.action = *rc::gen::inRange<uint32_t>(DEARTH_ACTION_FAIL, DEARTH_ACTION_FILL + 1);
    if (term.action == DEARTH_ACTION_CORRUPT_FRONT || term.action == DEARTH_ACTION_CORRUPT_REAR) {
        term.corrupt_bytes = *rc::gen::inRange<uint32_t>(1, 17);
        term.corrupt_offset = *rc::gen::inRange<uint32_t>(0, 16);
    }
    if (term.action == DEARTH_ACTION_FILL) {
        term.fill_byte = *rc::gen::inRange<uint32_t>(0, 256);
    }
    term.seed = *rc::gen::oneOf(rc::gen::just<uint64_t>(0), rc::gen::arbitrary<uint64_t>());
    const bool may_skip =
        term.selector != DEARTH_SELECT_RANGE && term.selector != DEARTH_SELECT_LIST;
    term.after =
        may_skip ? *rc::gen::oneOf(rc::gen::just<uint64_t>(0), rc::gen::inRange<uint64_t>(0, 20))
                 : 0;
    term.times = *rc::gen::oneOf(rc::gen::just<uint64_t>(0), rc::gen::inRange<uint64_t>(0, 10));
    if (*rc::gen::arbitrary<bool>()) {
        fill_filter(term.when);
    }
    if (*rc::gen::weightedElement<bool>({{3, false}, {1, true}})) {
        fill_filter(term.unless);
    }
}

inline rc::Gen<dearth_schedule> any_schedule() {
    return rc::gen::exec([] {
        dearth_schedule schedule;
        std::memset(&schedule, 0, sizeof schedule);
        schedule.term_count =
            *rc::gen::weightedOneOf<uint32_t>({{4, rc::gen::inRange<uint32_t>(1, 4)},
                                               {1, rc::gen::just<uint32_t>(DEARTH_TERMS_MAX)}});
        for (uint32_t index = 0; index < schedule.term_count; ++index) {
            fill_term(schedule.terms[index]);
        }
        return schedule;
    });
}

inline rc::Gen<dearth_request> any_request() {
    return rc::gen::exec([] {
        dearth_request request = {};
        request.op = *rc::gen::inRange<uint32_t>(0, DEARTH_OP_COUNT);
        request.domain = *rc::gen::inRange<uint32_t>(0, 3);
        request.phase = *rc::gen::weightedOneOf<uint32_t>(
            {{5, rc::gen::inRange<uint32_t>(0, 3)},
             {1, rc::gen::inRange<uint32_t>(0, DEARTH_PHASE_COUNT)}});
        request.thread = *rc::gen::inRange<uint32_t>(1, 4);
        request.size_bytes = *any_size();
        request.align_bytes = *rc::gen::elementOf(std::vector<uint64_t>{16, 16, 32, 64});
        request.live_bytes = *any_amount();
        request.site = *rc::gen::inRange<uint64_t>(0, 4);
        return request;
    });
}

inline rc::Gen<std::vector<dearth_request>> any_stream() {
    // Long at any size of the case: most laws are about what happens later on.
    return rc::gen::container<std::vector<dearth_request>>(60, any_request());
}

inline std::string format(const dearth_schedule& schedule) {
    std::string text(dearth_schedule_format(&schedule, nullptr, 0) + 1, '\0');
    text.resize(dearth_schedule_format(&schedule, text.data(), text.size()));
    return text;
}

}  // namespace dearth::hooks

// RapidCheck prints values it shows; a term of 700 bytes is shown by its text instead.
inline void showValue(const dearth_schedule& schedule, std::ostream& out) {
    out << dearth::hooks::format(schedule);
}

inline void showValue(const dearth_request& request, std::ostream& out) {
    out << dearth_op_name(request.op) << '/' << dearth_domain_name(request.domain) << '/'
        << dearth_phase_name(request.phase) << " thread " << request.thread << " size "
        << request.size_bytes << " align " << request.align_bytes << " live " << request.live_bytes
        << " site " << request.site;
}
