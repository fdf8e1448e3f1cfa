// The schedule of one trial.
#pragma once

#include "dearth/schedule.h"
#include "harness/model/trial.h"

namespace dearth::harness {

// A sweep's point becomes one term: its ordinal (or the occurrence at its call site), its kind,
// the scenario's window. A run of a schedule becomes that schedule with the point's seed.
dearth_schedule point_schedule(const Scenario& scenario, const TrialPoint& point);

}  // namespace dearth::harness
