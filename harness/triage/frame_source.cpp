// A stack of the control page as frames with names.
#include "harness/triage/frame_source.h"

#include <algorithm>

namespace dearth::harness {

std::vector<SymbolFrame> resolve_stack(const dearth_stack& stack,
                                       const std::vector<Module>& modules, FrameSource& source) {
    std::vector<SymbolFrame> frames;
    const uint32_t depth = std::min<uint32_t>(stack.depth, DEARTH_FRAMES_MAX);
    for (uint32_t i = 0; i < depth; ++i) {
        const uint64_t number = stack.frames[i] >> DEARTH_MODULE_SHIFT;
        const uint64_t offset = stack.frames[i] & ((uint64_t{1} << DEARTH_MODULE_SHIFT) - 1);
        if (number >= modules.size()) {
            frames.push_back({"", offset, "", "", 0});
            continue;
        }
        const bool is_return_address = i != 0 || stack.is_exact == 0;
        for (SymbolFrame& frame :
             source.resolve(modules[static_cast<size_t>(number)], offset, is_return_address)) {
            frames.push_back(std::move(frame));
        }
    }
    return frames;
}

}  // namespace dearth::harness
