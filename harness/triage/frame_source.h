// Where names of frames come from: the symbolizer, or a table in a test.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/model/finding.h"

namespace dearth::harness {

class FrameSource {
public:
    virtual ~FrameSource() = default;

    // The frames at `offset` in `module`, innermost first: the chain of inlined functions and the
    // function they stand in. Never empty: without names it is module and offset. A return
    // address is looked up one byte earlier, inside the call.
    virtual std::vector<SymbolFrame> resolve(const Module& module, uint64_t offset,
                                             bool is_return_address) = 0;
};

// Every frame of a stack whose module numbers are indices into `modules`, innermost first. A
// module number that is not in the list, and DEARTH_MODULE_UNKNOWN, give a frame without module.
std::vector<SymbolFrame> resolve_stack(const dearth_stack& stack,
                                       const std::vector<Module>& modules, FrameSource& source);

}  // namespace dearth::harness
