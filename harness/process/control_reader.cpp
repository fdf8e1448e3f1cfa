// The page is copied piece by piece (memcpy, never a typed pointer into it): the target may still
// be writing, and its bytes need not be a valid object of any type.
#include "harness/process/control_reader.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

void clamp_stack(dearth_stack& stack) {
    stack.depth = std::min<uint32_t>(stack.depth, DEARTH_FRAMES_MAX);
    stack.is_exact = stack.is_exact != 0;
}

template <size_t N>
void terminate(char (&text)[N]) {
    text[N - 1] = '\0';
}

void clamp_request(dearth_request& request) {
    request.op = std::min<uint32_t>(request.op, DEARTH_OP_COUNT);
    request.domain = std::min<uint32_t>(request.domain, DEARTH_DOMAIN_COUNT);
    request.phase = std::min<uint32_t>(request.phase, DEARTH_PHASE_COUNT - 1);
}

// A kind that is none of ours becomes 0, which is no kind: the oracles take it for a record that
// makes no sense.
void clamp_misuse(dearth_misuse& misuse) {
    if (misuse.kind > DEARTH_MISUSE_WRONG_DOMAIN)
        misuse.kind = 0;
    misuse.op = std::min<uint32_t>(misuse.op, DEARTH_OP_COUNT);
    misuse.domain = std::min<uint32_t>(misuse.domain, DEARTH_DOMAIN_COUNT);
    misuse.block_domain = std::min<uint32_t>(misuse.block_domain, DEARTH_DOMAIN_COUNT);
    misuse.family = std::min<uint32_t>(misuse.family, DEARTH_FAMILY_NEW_ARRAY);
    misuse.block_family = std::min<uint32_t>(misuse.block_family, DEARTH_FAMILY_NEW_ARRAY);
    misuse.phase = std::min<uint32_t>(misuse.phase, DEARTH_PHASE_COUNT - 1);
    terminate(misuse.place);
    clamp_stack(misuse.detected);
    clamp_stack(misuse.allocated);
    clamp_stack(misuse.freed);
}

bool is_continuation(unsigned char byte) {
    return (byte & 0xC0u) == 0x80u;
}

// Length of the well-formed UTF-8 sequence at `text`, or 0.
size_t utf8_length(std::string_view text) {
    const auto at = [&](size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i])
                               : static_cast<unsigned char>(0);
    };
    const unsigned char lead = at(0);
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF && is_continuation(at(1)))
        return 2;
    if ((lead & 0xF0u) == 0xE0u && is_continuation(at(1)) && is_continuation(at(2))) {
        const bool is_overlong = lead == 0xE0 && at(1) < 0xA0;
        const bool is_surrogate = lead == 0xED && at(1) >= 0xA0;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4 && is_continuation(at(1)) && is_continuation(at(2)) &&
        is_continuation(at(3))) {
        const bool is_out_of_range =
            (lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F);
        return is_out_of_range ? 0 : 4;
    }
    return 0;
}

}  // namespace

std::string bounded_text(const char* text, size_t capacity) {
    const std::string_view bytes(text, strnlen(text, capacity));
    std::string result;
    for (size_t i = 0; i < bytes.size();) {
        const size_t length = utf8_length(bytes.substr(i));
        const auto byte = static_cast<unsigned char>(bytes[i]);
        const bool is_control =
            length == 1 && (byte < 0x20 || byte == 0x7F) && byte != '\n' && byte != '\t';
        if (length == 0 || is_control) {
            result.push_back('?');
            ++i;
        } else {
            result.append(bytes.substr(i, length));
            i += length;
        }
    }
    return result;
}

ControlReader::ControlReader(std::span<const std::byte> bytes) : bytes_(bytes) {
    if (bytes.size() < sizeof(dearth_control_header)) {
        defect_ = fmt::format("{} bytes are too few for a control page", bytes.size());
        return;
    }
    std::memcpy(&header_, bytes.data(), sizeof header_);
    if (header_.magic != DEARTH_CONTROL_MAGIC)
        defect_ = "the control page's magic number is gone";
    else if (header_.version != DEARTH_CONTROL_VERSION)
        defect_ = fmt::format("control page version {} (this build reads {})", header_.version,
                              DEARTH_CONTROL_VERSION);
    else if (header_.header_bytes != sizeof header_)
        defect_ = "the control page's header has another size";
    else if (header_.total_bytes > bytes.size())
        defect_ = "the control page is cut short";
    else if (!region_fits(header_.slots, sizeof(dearth_trial_slot)) ||
             !region_fits(header_.modules, sizeof(dearth_module)) ||
             !region_fits(header_.stream, sizeof(dearth_stream_entry)) ||
             !region_fits(header_.sites, sizeof(dearth_site_entry)) ||
             !region_fits(header_.leftovers, sizeof(dearth_leftover)) ||
             !region_fits(header_.script, 1) || !region_fits(header_.warmup, 1))
        defect_ = "a region of the control page lies outside it";
    header_.engine_version[sizeof header_.engine_version - 1] = '\0';
    header_.refusal[sizeof header_.refusal - 1] = '\0';
    header_.shadowed_by[sizeof header_.shadowed_by - 1] = '\0';
    header_.config.script_name[sizeof header_.config.script_name - 1] = '\0';
}

bool ControlReader::region_fits(const dearth_region& region, size_t element_bytes) const {
    const uint64_t total = bytes_.size();
    return region.offset <= total && region.capacity <= (total - region.offset) / element_bytes;
}

uint64_t ControlReader::count_of(const dearth_region& region) const {
    // The live header, not the copy: the target goes on counting.
    const auto* base = reinterpret_cast<const std::byte*>(&header_);
    const auto offset = static_cast<size_t>(reinterpret_cast<const std::byte*>(&region) - base);
    dearth_region now;
    std::memcpy(&now, bytes_.data() + offset, sizeof now);
    return std::min(now.count, region.capacity);
}

template <typename T>
T ControlReader::element(const dearth_region& region, uint64_t index) const {
    T value = {};
    if (index < region.capacity)
        std::memcpy(&value, bytes_.data() + region.offset + index * sizeof(T), sizeof(T));
    return value;
}

dearth_trial_slot ControlReader::slot(uint64_t index) const {
    auto slot = element<dearth_trial_slot>(header_.slots, index);
    if (slot.state > DEARTH_SLOT_DONE)
        slot.state = DEARTH_SLOT_FREE;
    slot.kind_index = std::min<uint32_t>(slot.kind_index, DEARTH_SWEEP_KINDS_MAX - 1);
    clamp_request(slot.request);
    clamp_stack(slot.injected);
    clamp_stack(slot.fatal);
    slot.script_depth = std::min<uint32_t>(slot.script_depth, DEARTH_SCRIPT_FRAMES_MAX);
    slot.phase = std::min<uint32_t>(slot.phase, DEARTH_PHASE_COUNT - 1);
    for (auto& frame : slot.script) {
        terminate(frame.file);
        terminate(frame.function);
    }
    for (auto& step : slot.steps) {
        if (step.status > DEARTH_STATUS_STARTED)
            step.status = DEARTH_STATUS_NONE;
        terminate(step.kind);
        terminate(step.message);
    }
    if (slot.end > DEARTH_END_INTERNAL)
        slot.end = DEARTH_END_NONE;
    slot.is_stack_overflow = slot.is_stack_overflow != 0;
    for (auto& misuse : slot.misuses)
        clamp_misuse(misuse);
    for (auto& leak : slot.leaks) {
        leak.domain = std::min<uint32_t>(leak.domain, DEARTH_DOMAIN_COUNT);
        clamp_stack(leak.allocated);
    }
    terminate(slot.note);
    return slot;
}

std::optional<dearth_module> ControlReader::module(uint64_t index) const {
    auto module = element<dearth_module>(header_.modules, index);
    if (module.is_ready == 0)
        return std::nullopt;
    module.build_id_bytes = std::min<uint32_t>(module.build_id_bytes, sizeof module.build_id);
    terminate(module.path);
    return module;
}

dearth_stream_entry ControlReader::stream_entry(uint64_t index) const {
    auto entry = element<dearth_stream_entry>(header_.stream, index);
    entry.op = std::min<uint8_t>(entry.op, DEARTH_OP_COUNT);
    entry.domain = std::min<uint8_t>(entry.domain, DEARTH_DOMAIN_COUNT);
    entry.phase = std::min<uint8_t>(entry.phase, DEARTH_PHASE_COUNT - 1);
    entry.is_selected = entry.is_selected != 0;
    return entry;
}

dearth_site_entry ControlReader::site_entry(uint64_t index) const {
    auto entry = element<dearth_site_entry>(header_.sites, index);
    clamp_stack(entry.stack);
    return entry;
}

dearth_leftover ControlReader::leftover(uint64_t index) const {
    auto leftover = element<dearth_leftover>(header_.leftovers, index);
    leftover.domain = std::min<uint32_t>(leftover.domain, DEARTH_DOMAIN_COUNT);
    return leftover;
}

}  // namespace dearth::harness
