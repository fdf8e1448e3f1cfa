// Makes and owns a control page: an anonymous shared file, its mapping, and the anonymous files
// that take the output of each slot. The target gets descriptors, never names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dearth/control_page.h"
#include "harness/base/result.h"
#include "harness/base/unique_fd.h"
#include "harness/process/control_reader.h"

namespace dearth::harness {

// How much of everything a page has room for. Untouched room costs no memory.
struct PageShape {
    uint32_t slot_count = 1;
    uint64_t stream_capacity = 0;
    uint64_t site_capacity = 0;
    uint64_t leftover_capacity = 0;
    uint64_t point_bits = 0;  // per sweep kind
    std::string_view script;
    std::string_view warmup;
};

class ControlPage {
public:
    // Everything zero but magic, version, sizes, regions, script texts and descriptors.
    static Result<ControlPage> create(const PageShape& shape);

    ControlPage(ControlPage&& other) noexcept;
    ControlPage& operator=(ControlPage&&) = delete;
    ~ControlPage();

    dearth_control_header& header() { return *header_; }
    const dearth_control_header& header() const { return *header_; }

    int page_fd() const { return page_fd_.get(); }
    int event_read_fd() const { return event_read_.get(); }
    int event_write_fd() const { return event_write_.get(); }
    int out_fd(uint32_t slot) const { return outputs_[slot].get(); }
    int err_fd(uint32_t slot) const { return errors_[slot].get(); }

    // Bit map of one sweep kind, to be filled before the target starts.
    std::span<uint64_t> points(uint32_t kind_index);
    std::span<dearth_leftover> leftovers();
    void set_leftover_count(uint64_t count) { header_->leftovers.count = count; }

    // Call when the configuration is complete: from now on a change of it is the target's doing.
    void seal();
    // Whether configuration and layout are still as sealed, and a reader accepts the page.
    std::string defect() const;
    ControlReader reader() const { return ControlReader(bytes()); }

    // Everything slot `index` wrote to a stream, at most `limit` bytes from `offset` on.
    std::string read_output(uint32_t slot, bool is_error, uint64_t offset, uint64_t limit) const;
    uint64_t output_bytes(uint32_t slot, bool is_error) const;
    // Gives a slot back to the target: emptied, its output too.
    void free_slot(uint32_t slot);

private:
    ControlPage() = default;
    std::span<const std::byte> bytes() const {
        return {reinterpret_cast<const std::byte*>(header_), mapped_bytes_};
    }

    UniqueFd page_fd_;
    UniqueFd event_read_;
    UniqueFd event_write_;
    std::vector<UniqueFd> outputs_;
    std::vector<UniqueFd> errors_;
    dearth_control_header* header_ = nullptr;
    size_t mapped_bytes_ = 0;
    dearth_control_header sealed_ = {};
};

}  // namespace dearth::harness
