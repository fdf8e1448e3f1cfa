#include "harness/process/control_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

constexpr uint64_t kModuleCapacity = 2048;

Error page_error(std::string_view attempt) {
    return {ErrorClass::kInternal,
            fmt::format("make a control page: {}: {}", attempt, std::strerror(errno)),
            "check free memory and the open-file limit (ulimit -n)"};
}

// Places a region of `capacity` elements at the end of what is laid out so far.
dearth_region place(uint64_t& total_bytes, uint64_t capacity, uint64_t element_bytes) {
    constexpr uint64_t kAlignment = 64;
    dearth_region region = {};
    region.offset = (total_bytes + kAlignment - 1) / kAlignment * kAlignment;
    region.capacity = capacity;
    total_bytes = region.offset + capacity * element_bytes;
    return region;
}

// An anonymous file that appends, so that a slot's writers need not agree on an offset.
UniqueFd make_output_file() {
    const int fd = memfd_create("dearth-output", MFD_CLOEXEC);
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_APPEND);
    return UniqueFd(fd);
}

// Counters and states that the target writes; everything else must stay as sealed.
void blank_live_fields(dearth_control_header& header) {
    header.run_state = 0;
    header.threads_seen = 0;
    header.children_seen = 0;
    header.shared_descriptors = 0;
    header.progress = 0;
    header.requests = 0;
    header.selected = 0;
    header.stream_signature = 0;
    header.pinned_layout = 0;
    header.stack_source = 0;
    header.page_way = 0;
    std::memset(header.engine_version, 0, sizeof header.engine_version);
    std::memset(header.refusal, 0, sizeof header.refusal);
    std::memset(header.shadowed_by, 0, sizeof header.shadowed_by);
    for (dearth_region* region :
         {&header.modules, &header.stream, &header.sites, &header.leftovers}) {
        region->count = 0;
        region->lost = 0;
    }
}

}  // namespace

Result<ControlPage> ControlPage::create(const PageShape& shape) {
    ControlPage page;
    dearth_control_header header = {};
    header.magic = DEARTH_CONTROL_MAGIC;
    header.version = DEARTH_CONTROL_VERSION;
    header.header_bytes = sizeof header;
    uint64_t total = sizeof header;
    header.slots = place(total, shape.slot_count, sizeof(dearth_trial_slot));
    header.slots.count = shape.slot_count;
    header.modules = place(total, kModuleCapacity, sizeof(dearth_module));
    header.stream = place(total, shape.stream_capacity, sizeof(dearth_stream_entry));
    header.sites = place(total, shape.site_capacity, sizeof(dearth_site_entry));
    header.leftovers = place(total, shape.leftover_capacity, sizeof(dearth_leftover));
    header.script = place(total, shape.script.size(), 1);
    header.script.count = shape.script.size();
    header.warmup = place(total, shape.warmup.size(), 1);
    header.warmup.count = shape.warmup.size();
    const uint64_t map_bytes = (shape.point_bits + 63) / 64 * 8;
    for (auto& kind : header.config.kinds)
        kind.points = place(total, map_bytes, 1);
    header.total_bytes = total;

    page.page_fd_.reset(memfd_create("dearth-control", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!page.page_fd_.is_open())
        return page_error("memfd_create");
    if (ftruncate(page.page_fd_.get(), static_cast<off_t>(total)) != 0)
        return page_error("ftruncate");
    // A target that cuts the file would take our mapping's end away under us.
    if (fcntl(page.page_fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return page_error("seal its size");
    void* mapping = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                         page.page_fd_.get(), 0);
    if (mapping == MAP_FAILED)
        return page_error("mmap");
    page.header_ = static_cast<dearth_control_header*>(mapping);
    page.mapped_bytes_ = total;

    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return page_error("pipe");
    page.event_read_.reset(pipe_fds[0]);
    page.event_write_.reset(pipe_fds[1]);
    for (uint32_t i = 0; i < shape.slot_count; ++i) {
        page.outputs_.push_back(make_output_file());
        page.errors_.push_back(make_output_file());
        if (!page.outputs_.back().is_open() || !page.errors_.back().is_open())
            return page_error("memfd_create");
    }
    std::memcpy(page.header_, &header, sizeof header);
    auto* base = reinterpret_cast<std::byte*>(page.header_);
    std::copy(shape.script.begin(), shape.script.end(),
              reinterpret_cast<char*>(base + header.script.offset));
    std::copy(shape.warmup.begin(), shape.warmup.end(),
              reinterpret_cast<char*>(base + header.warmup.offset));
    return page;
}

ControlPage::ControlPage(ControlPage&& other) noexcept
    : page_fd_(std::move(other.page_fd_)),
      event_read_(std::move(other.event_read_)),
      event_write_(std::move(other.event_write_)),
      outputs_(std::move(other.outputs_)),
      errors_(std::move(other.errors_)),
      header_(std::exchange(other.header_, nullptr)),
      mapped_bytes_(other.mapped_bytes_),
      sealed_(other.sealed_) {}

ControlPage::~ControlPage() {
    if (header_ != nullptr)
        munmap(header_, mapped_bytes_);
}

std::span<uint64_t> ControlPage::points(uint32_t kind_index) {
    const dearth_region& region = header_->config.kinds[kind_index].points;
    auto* base = reinterpret_cast<std::byte*>(header_);
    return {reinterpret_cast<uint64_t*>(base + region.offset), region.capacity / sizeof(uint64_t)};
}

std::span<dearth_leftover> ControlPage::leftovers() {
    auto* base = reinterpret_cast<std::byte*>(header_);
    return {reinterpret_cast<dearth_leftover*>(base + header_->leftovers.offset),
            header_->leftovers.capacity};
}

void ControlPage::seal() {
    sealed_ = *header_;
    blank_live_fields(sealed_);
}

std::string ControlPage::defect() const {
    std::string defect = reader().defect();
    if (!defect.empty())
        return defect;
    dearth_control_header now;
    std::memcpy(&now, header_, sizeof now);
    // Leftovers are read back by trials: their count is part of the configuration there.
    blank_live_fields(now);
    if (std::memcmp(&now, &sealed_, sizeof now) != 0)
        return "the target overwrote the configuration in its control page";
    return {};
}

std::string ControlPage::read_output(uint32_t slot, bool is_error, uint64_t offset,
                                     uint64_t limit) const {
    const int fd = is_error ? errors_[slot].get() : outputs_[slot].get();
    const uint64_t total = output_bytes(slot, is_error);
    if (offset >= total)
        return {};
    std::string text(std::min(limit, total - offset), '\0');
    size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t got = pread(fd, text.data() + filled, text.size() - filled,
                                  static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        filled += static_cast<size_t>(got);
    }
    text.resize(filled);
    return text;
}

uint64_t ControlPage::output_bytes(uint32_t slot, bool is_error) const {
    const off_t end = lseek(is_error ? errors_[slot].get() : outputs_[slot].get(), 0, SEEK_END);
    return end < 0 ? 0 : static_cast<uint64_t>(end);
}

void ControlPage::free_slot(uint32_t slot) {
    // Truncating an anonymous file cannot fail for want of space; a failure would leave old bytes
    // in front, which the offsets of the next trial would then count, so it must not be ignored.
    if (ftruncate(outputs_[slot].get(), 0) != 0 || ftruncate(errors_[slot].get(), 0) != 0)
        return;
    auto* slots = reinterpret_cast<dearth_trial_slot*>(reinterpret_cast<std::byte*>(header_) +
                                                       sealed_.slots.offset);
    std::memset(reinterpret_cast<std::byte*>(&slots[slot]) + sizeof(uint32_t), 0,
                sizeof(dearth_trial_slot) - sizeof(uint32_t));
    __atomic_store_n(&slots[slot].state, static_cast<uint32_t>(DEARTH_SLOT_FREE), __ATOMIC_RELEASE);
}

}  // namespace dearth::harness
