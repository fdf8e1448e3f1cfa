// Reads a control page as untrusted bytes: whatever a target (or a fuzzer) wrote, no read leaves
// the span, every count is clamped and every text ends inside its array. Writes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dearth/allocator.h"
#include "dearth/control_page.h"

namespace dearth::harness {

// Text in a fixed array: up to the first zero byte or the array's end, bytes that are not
// printable UTF-8 replaced by '?'.
std::string bounded_text(const char* text, size_t capacity);

class ControlReader {
public:
    explicit ControlReader(std::span<const std::byte> bytes);

    // Why these bytes are no control page of this version; empty when they are one.
    const std::string& defect() const { return defect_; }

    // All of the following need an empty defect().
    const dearth_control_header& header() const { return header_; }
    uint64_t slot_count() const { return count_of(header_.slots); }
    // This and the elements below are sane copies: counts clamped, enums in range (an operation or
    // a domain at most its COUNT, the kind of a misuse 0 when it is none of ours), text terminated.
    dearth_trial_slot slot(uint64_t index) const;

    uint64_t module_count() const { return count_of(header_.modules); }
    std::optional<dearth_module> module(uint64_t index) const;  // none while it is being written

    uint64_t stream_count() const { return count_of(header_.stream); }
    dearth_stream_entry stream_entry(uint64_t index) const;

    uint64_t site_count() const { return count_of(header_.sites); }
    dearth_site_entry site_entry(uint64_t index) const;

    uint64_t leftover_count() const { return count_of(header_.leftovers); }
    dearth_leftover leftover(uint64_t index) const;

private:
    uint64_t count_of(const dearth_region& region) const;
    bool region_fits(const dearth_region& region, size_t element_bytes) const;
    template <typename T>
    T element(const dearth_region& region, uint64_t index) const;

    std::span<const std::byte> bytes_;
    dearth_control_header header_ = {};
    std::string defect_;
};

}  // namespace dearth::harness
