// Writes the requests of a run without faults to the control page: the stream, in order, and each
// distinct call site of the window once. Later runs are held against it.
#pragma once

#include "dearth/control_page.h"
#include "hooks/layers/fault_layer.h"

namespace dearth::hooks {

void record_request(dearth_control_header& page, const RequestFacts& facts);

}  // namespace dearth::hooks
