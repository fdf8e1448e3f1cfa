#include "harness/sweep/module_list.h"

#include <algorithm>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

constexpr uint64_t kOffsetMask = (uint64_t{1} << DEARTH_MODULE_SHIFT) - 1;
constexpr uint64_t kUnknown = uint64_t{DEARTH_MODULE_UNKNOWN} << DEARTH_MODULE_SHIFT;

std::string hex(const uint8_t* bytes, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i)
        text += fmt::format("{:02x}", bytes[i]);
    return text;
}

}  // namespace

uint32_t ModuleList::intern(const dearth_module& module) {
    Module entry;
    entry.path = bounded_text(module.path, sizeof module.path);
    entry.build_id = hex(module.build_id, module.build_id_bytes);
    const auto [at, is_new] =
        index_.try_emplace({entry.path, entry.build_id}, static_cast<uint32_t>(modules_.size()));
    if (is_new)
        modules_.push_back(std::move(entry));
    return at->second;
}

uint64_t ModuleList::Translation::translate_frame(uint64_t frame, const ControlReader& page) {
    const uint64_t module = frame >> DEARTH_MODULE_SHIFT;
    if (module == DEARTH_MODULE_UNKNOWN)
        return frame;
    while (known_.size() <= module) {
        const auto entry = page.module(known_.size());
        if (!entry)
            return kUnknown | (frame & kOffsetMask);
        known_.push_back(list_.intern(*entry));
    }
    const uint64_t number = known_[module];
    if (number >= DEARTH_MODULE_UNKNOWN)
        return kUnknown | (frame & kOffsetMask);
    return number << DEARTH_MODULE_SHIFT | (frame & kOffsetMask);
}

void ModuleList::Translation::translate(dearth_stack& stack, const ControlReader& page) {
    for (uint32_t i = 0; i < stack.depth; ++i)
        stack.frames[i] = translate_frame(stack.frames[i], page);
}

void ModuleList::Translation::translate(dearth_trial_slot& slot, const ControlReader& page) {
    translate(slot.injected, page);
    translate(slot.fatal, page);
    for (uint32_t i = 0; i < std::min<uint32_t>(slot.misuse_count, DEARTH_MISUSES_MAX); ++i) {
        translate(slot.misuses[i].detected, page);
        translate(slot.misuses[i].allocated, page);
        translate(slot.misuses[i].freed, page);
    }
    for (uint32_t i = 0; i < std::min<uint32_t>(slot.leak_site_count, DEARTH_LEAK_SITES_MAX); ++i)
        translate(slot.leaks[i].allocated, page);
}

}  // namespace dearth::harness
