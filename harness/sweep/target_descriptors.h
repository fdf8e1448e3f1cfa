// Which numbers the target's process knows the descriptors of its control page by. Engines get the
// harness's own numbers. A program may expect the low ones to be free (shells give them names), so
// there they stand at the upper end of what the limit allows. The page has the same number in every
// process: it stands in the environment, below which the stack begins.
#pragma once

#include <cstdint>

#include "harness/process/control_page.h"

namespace dearth::harness {

class TargetDescriptors {
public:
    // `is_high`: at the upper end, if the limit on open files leaves room.
    TargetDescriptors(const ControlPage& page, bool is_high);

    int page() const { return at(0, page_.page_fd()); }
    int event() const { return at(1, page_.event_write_fd()); }
    int out(uint32_t slot) const { return at(2 + 2 * slot, page_.out_fd(slot)); }
    int err(uint32_t slot) const { return at(3 + 2 * slot, page_.err_fd(slot)); }

private:
    int at(uint32_t place, int ours) const {
        return highest_ > 0 ? highest_ - static_cast<int>(place) : ours;
    }

    const ControlPage& page_;
    int highest_ = 0;  // 0: the harness's own
};

}  // namespace dearth::harness
