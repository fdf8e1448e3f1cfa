// The mapping that the caller's frame lies in; see the header.
#include "hooks/agent/main_stack.h"

#include <sys/resource.h>

#include "hooks/base/memory_map.h"

namespace dearth::hooks {
namespace {

struct MappingSearch {
    uintptr_t wanted;
    StackRange found;
};

bool look_at(void* ctx, const Mapping& mapping) {
    auto& search = *static_cast<MappingSearch*>(ctx);
    const bool is_found = mapping.low <= search.wanted && search.wanted < mapping.high;
    if (is_found)
        search.found = {mapping.low, mapping.high};
    return !is_found;
}

}  // namespace

StackRange main_stack_range() {
    MappingSearch search = {reinterpret_cast<uintptr_t>(__builtin_frame_address(0)), {0, 0}};
    if (!for_each_mapping(&search, look_at) || search.found.high == 0)
        return {0, 0};
    rlimit limit = {};
    // Without a limit the kernel stops it somewhere above the next mapping: what is mapped now is
    // all that is certain.
    const bool is_limited = getrlimit(RLIMIT_STACK, &limit) == 0 &&
                            limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < search.found.high;
    return {is_limited ? search.found.high - limit.rlim_cur : search.found.low, search.found.high};
}

}  // namespace dearth::hooks
