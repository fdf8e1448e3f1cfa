#include "harness/sweep/target_descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace dearth::harness {
namespace {

// Beyond this the kernel's table of a process grows for no use.
constexpr rlim_t kMost = 1024;
// Below this there is no room for the program's own descriptors and ours.
constexpr int kLeast = 256;

}  // namespace

TargetDescriptors::TargetDescriptors(const ControlPage& page, bool is_high) : page_(page) {
    rlimit limit = {};
    if (!is_high || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    const int count = 2 + 2 * static_cast<int>(page.header().slots.capacity);
    const int highest = static_cast<int>(std::min(limit.rlim_cur, kMost)) - 1;
    if (highest - count >= kLeast)
        highest_ = highest;
}

}  // namespace dearth::harness
