// The fork strategy: one forward run; at each chosen point a child is split off *inside the
// allocation*, sees the failure and runs on to the end, while the parent passes and goes on. The
// parent never sees a fault itself. Single-threaded targets only.
#pragma once

#include "dearth/control_page.h"
#include "hooks/layers/fault_layer.h"

namespace dearth::hooks {

// Starts exploring for `page`, whose configuration says which points and kinds. Call once.
void start_explorer(dearth_control_header& page);

// At a request: splits off the trials of this point. True in a child, which has the schedule of
// its trial installed and must decide anew; false in the parent.
bool explore_point(const RequestFacts& facts);

// The forward run is over: waits for the children that still run.
void finish_explorer();

// True in a split-off child.
bool is_explorer_child();

}  // namespace dearth::hooks
