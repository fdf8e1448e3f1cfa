// Names for frames from a table, so that triage is tested without object files: function number
// `offset / 256` of the module, line `offset % 256`.
#pragma once

#include <string>
#include <vector>

#include "harness/triage/frame_source.h"

namespace dearth::harness {

class TableSource final : public FrameSource {
public:
    std::vector<SymbolFrame> resolve(const Module& module, uint64_t offset, bool) override {
        ++lookups;
        const std::string name = "function_" + std::to_string(offset / 256);
        return {{module.path, offset, is_stripped ? "" : name, is_stripped ? "" : "file.c",
                 static_cast<int>(offset % 256)}};
    }

    uint64_t lookups = 0;
    bool is_stripped = false;
};

inline uint64_t frame_at(uint64_t module, uint64_t function, uint64_t place = 0) {
    return module << DEARTH_MODULE_SHIFT | (function * 256 + place);
}

inline dearth_stack stack_of(const std::vector<uint64_t>& frames) {
    dearth_stack stack = {};
    stack.depth = static_cast<uint32_t>(frames.size());
    std::copy(frames.begin(), frames.end(), stack.frames);
    return stack;
}

}  // namespace dearth::harness
