// The meaning of a schedule, written a second time as naively as possible: for every request, the
// whole history is looked at anew. Nothing is shared with hooks/schedule but the plain structs and
// the hash of hooks/base/prng.h. Patterns match a request whose `site` is the pattern's length.
#pragma once

#include <cstring>
#include <vector>

#include "dearth/schedule.h"
#include "hooks/base/prng.h"

namespace dearth::hooks {

inline bool pattern_fits(const char* pattern, const dearth_request& request) {
    return std::strlen(pattern) == request.site;
}

struct ReferenceTerm {
    const dearth_term* term;
    std::vector<dearth_request> history;  // requests the term has seen
    size_t control_returned_at = 0;       // length of history when control last returned

    static bool in_mask(uint32_t mask, uint32_t value) { return (mask & (1u << value)) != 0; }

    static bool fields_match(const dearth_filter& filter, const dearth_request& request) {
        bool matches = true;
        matches = matches && (filter.op_mask == 0 || in_mask(filter.op_mask, request.op));
        matches =
            matches && (filter.domain_mask == 0 || in_mask(filter.domain_mask, request.domain));
        matches = matches && (filter.phase_mask == 0 || in_mask(filter.phase_mask, request.phase));
        matches = matches && (filter.thread == 0 || filter.thread == request.thread);
        matches = matches && request.size_bytes >= filter.size_min_bytes;
        matches =
            matches && (filter.size_max_bytes == 0 || request.size_bytes <= filter.size_max_bytes);
        matches = matches && request.align_bytes >= filter.align_min_bytes;
        matches = matches && (filter.site == 0 || filter.site == request.site);
        matches = matches && (filter.stack[0] == '\0' || pattern_fits(filter.stack, request));
        matches = matches && (filter.module[0] == '\0' || pattern_fits(filter.module, request));
        return matches;
    }

    bool sees(const dearth_request& request) const {
        if (request.phase == DEARTH_PHASE_CHECK || request.phase == DEARTH_PHASE_WARMUP) {
            return false;
        }
        if (term->when.op_mask == 0 &&
            (request.op == DEARTH_OP_SHRINK || request.op == DEARTH_OP_ARENA)) {
            return false;
        }
        dearth_filter nothing;
        std::memset(&nothing, 0, sizeof nothing);
        const bool has_unless = std::memcmp(&nothing, &term->unless, sizeof nothing) != 0;
        return fields_match(term->when, request) &&
               !(has_unless && fields_match(term->unless, request));
    }

    bool is_chosen(uint64_t ordinal) const {
        const dearth_request& request = history[ordinal - 1];
        if (ordinal <= term->after) {
            return false;
        }
        bool is_listed = false;
        for (uint32_t index = 0; index < term->list_count; ++index) {
            is_listed = is_listed || term->list[index] == ordinal;
        }
        switch (term->selector) {
            case DEARTH_SELECT_ALL:
                return true;
            case DEARTH_SELECT_RANGE:
                return term->first <= ordinal && ordinal <= term->last;
            case DEARTH_SELECT_LIST:
                return is_listed;
            case DEARTH_SELECT_EVERY:
                return (ordinal - term->after) % term->first == 0;
            case DEARTH_SELECT_PROBABILITY: {
                const long double share =
                    static_cast<long double>(random_at(term->seed, ordinal) >> 30) / (1ULL << 34);
                return share * 1'000'000'000.0L < static_cast<long double>(term->probability_ppb);
            }
            default: {
                const long double wanted = static_cast<long double>(request.live_bytes) +
                                           static_cast<long double>(request.size_bytes);
                return wanted > static_cast<long double>(term->budget_bytes);
            }
        }
    }

    // Ordinals at which the selector fired, up to and including `ordinal`.
    std::vector<uint64_t> firings(uint64_t ordinal) const {
        std::vector<uint64_t> fired;
        for (uint64_t each = 1; each <= ordinal; ++each) {
            if (is_chosen(each) && (term->times == 0 || fired.size() < term->times)) {
                fired.push_back(each);
            }
        }
        return fired;
    }

    // Does a firing since control last returned hold the request? Each firing that was not held
    // itself sets size and site anew.
    bool is_stuck(uint64_t ordinal) const {
        bool is_active = false;
        uint64_t size = 0;
        uint64_t site = 0;
        const auto holds = [&](const dearth_request& request) {
            return is_active && (request.size_bytes >= size || (site != 0 && request.site == site));
        };
        for (const uint64_t each : firings(ordinal)) {
            const dearth_request& request = history[each - 1];
            if (each > control_returned_at && !holds(request)) {
                is_active = true;
                size = request.size_bytes;
                site = request.site;
            }
        }
        return holds(history[ordinal - 1]);
    }

    // Does the newest request of the history fail?
    bool newest_fires() const {
        const uint64_t ordinal = history.size();
        const std::vector<uint64_t> fired = firings(ordinal);
        if (fired.empty()) {
            return false;
        }
        switch (term->kind) {
            case DEARTH_KIND_ONCE:
                return fired.back() == ordinal;
            case DEARTH_KIND_BURST:
                return ordinal < fired.back() + term->burst;
            case DEARTH_KIND_PERSISTENT:
                return true;
            default:
                return fired.back() == ordinal || is_stuck(ordinal);
        }
    }
};

}  // namespace dearth::hooks
