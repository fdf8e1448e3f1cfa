#include "hooks/agent/baseline_recorder.h"

#include "hooks/base/prng.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {
namespace {

template <typename T>
T* elements(dearth_control_header& page, const dearth_region& region) {
    return reinterpret_cast<T*>(reinterpret_cast<char*>(&page) + region.offset);
}

// The next free element, or NULL when the region is full (counted as lost).
template <typename T>
T* append(dearth_control_header& page, dearth_region& region) {
    const uint64_t index = __atomic_fetch_add(&region.count, 1, __ATOMIC_RELAXED);
    if (index < region.capacity)
        return elements<T>(page, region) + index;
    __atomic_fetch_sub(&region.count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&region.lost, 1, __ATOMIC_RELAXED);
    return nullptr;
}

uint64_t stream_mix(uint64_t signature, const RequestFacts& facts) {
    const dearth_request& request = facts.request;
    const uint64_t kinds =
        (uint64_t{request.op} << 16) | (uint64_t{request.domain} << 8) | request.phase;
    return mix_bits(signature ^ request.site) +
           mix_bits(request.size_bytes * 0x100000001B3u + kinds);
}

}  // namespace

void record_request(dearth_control_header& page, const RequestFacts& facts) {
    const dearth_request& request = facts.request;
    ++page.requests;
    if (facts.ordinal != 0)
        ++page.selected;
    page.stream_signature = stream_mix(page.stream_signature, facts);
    if (auto* entry = append<dearth_stream_entry>(page, page.stream); entry != nullptr) {
        entry->site = request.site;
        entry->size_bytes = request.size_bytes;
        entry->op = static_cast<uint8_t>(request.op);
        entry->domain = static_cast<uint8_t>(request.domain);
        entry->phase = static_cast<uint8_t>(request.phase);
        entry->is_selected = facts.ordinal != 0;
        entry->thread = request.thread;
    }
    if (facts.ordinal != 0 && facts.occurrence == 1) {
        if (auto* site = append<dearth_site_entry>(page, page.sites); site != nullptr) {
            site->first_serial = facts.serial;
            site->count = 1;
            fill_stack(site->stack, facts.stack_id);
        }
    }
}

}  // namespace dearth::hooks
