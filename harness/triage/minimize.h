// Makes what shows a finding smaller: fewer terms, fewer ordinals, a simpler kind. Running again
// is a parameter, so nothing here starts a process.
// Source: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
// Transactions on Software Engineering 28(2), 2002: ddmin.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dearth/schedule.h"

namespace dearth::harness {

// True when what is looked for still shows. Must be sure: false for "cannot tell".
using SetStillShows = std::function<bool(const std::vector<uint64_t>&)>;
using ScheduleStillShows = std::function<bool(const dearth_schedule&)>;

struct MinimizedSet {
    std::vector<uint64_t> kept;  // in the order they came
    uint32_t runs = 0;
    bool is_minimal = false;  // no single item can be left out; false when the runs ran out
};

// `items` is known to show it and is not run again. A set is never run twice.
MinimizedSet minimize_set(std::vector<uint64_t> items, const SetStillShows& still_shows,
                          uint32_t run_limit);

struct MinimizedSchedule {
    dearth_schedule schedule = {};
    uint32_t runs = 0;
    bool is_minimal = false;  // no step below makes it smaller; false when the runs ran out
};

// In this order, again until nothing helps: leave out terms; a simpler kind for each (once, then a
// smaller burst, instead of persistent or sticky); fewer ordinals of a list; a shorter range, as a
// list once it is short enough; fewer firings of `every` and `probability`.
MinimizedSchedule minimize_schedule(const dearth_schedule& schedule,
                                    const ScheduleStillShows& still_shows, uint32_t run_limit);

}  // namespace dearth::harness
