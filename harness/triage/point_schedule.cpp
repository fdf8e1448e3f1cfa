// The schedule of one trial.
#include "harness/triage/point_schedule.h"

#include <algorithm>

namespace dearth::harness {

dearth_schedule point_schedule(const Scenario& scenario, const TrialPoint& point) {
    const Injection& injection = scenario.injection;
    if (!injection.is_sweep) {
        dearth_schedule schedule = injection.schedule;
        const uint32_t count = std::min<uint32_t>(schedule.term_count, DEARTH_TERMS_MAX);
        for (uint32_t i = 0; i < count; ++i) {
            if (schedule.terms[i].selector == DEARTH_SELECT_PROBABILITY) {
                schedule.terms[i].seed = point.seed;
            }
        }
        return schedule;
    }
    dearth_schedule schedule = {};
    schedule.term_count = 1;
    dearth_term& term = schedule.terms[0];
    dearth_term_default(&term);
    term.selector = DEARTH_SELECT_RANGE;
    term.first = term.last = point.site != 0 ? point.occurrence : point.ordinal;
    term.kind = point.kind.kind;
    term.burst = point.kind.burst;
    term.action = point.kind.action;
    term.when = injection.when;
    term.unless = injection.unless;
    if (point.site != 0) {
        term.when.site = point.site;
    }
    return schedule;
}

}  // namespace dearth::harness
