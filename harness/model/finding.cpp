// Frames as people read them; see finding.h.
#include "harness/model/finding.h"

#include <fmt/format.h>

namespace dearth::harness {

std::string frame_text(const SymbolFrame& frame) {
    const std::string place = frame.module.empty()
                                  ? fmt::format("{:#x}", frame.offset)
                                  : fmt::format("{}+{:#x}", frame.module, frame.offset);
    if (frame.function.empty()) {
        return place;
    }
    if (frame.file.empty()) {
        return fmt::format("{} ({})", frame.function, place);
    }
    if (frame.line <= 0) {
        return fmt::format("{} {}", frame.function, frame.file);
    }
    return fmt::format("{} {}:{}", frame.function, frame.file, frame.line);
}

}  // namespace dearth::harness
