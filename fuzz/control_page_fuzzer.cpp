// The harness reads a page that a broken target may have scribbled over: no read leaves the page
// and all that is handed out is sane.
//
// The page is 24 KiB of header before anything else, so inputs are patches of a well-formed page,
// which small inputs can express: [u16 size of the page] then any number of
// [u24 offset][u8 length][bytes]. The page lies in a heap block of exactly its size, where ASan
// sees a read past it. An input that begins with DEARTH_CONTROL_MAGIC is the page itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "dearth/control_page.h"
#include "fuzz/require.h"
#include "harness/process/control_reader.h"

namespace {

using dearth::fuzz::require;
using dearth::harness::bounded_text;
using dearth::harness::ControlReader;

class Input {
public:
    explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    bool is_empty() const { return bytes_.empty(); }
    // Little-endian; missing bytes read as zero.
    size_t number(size_t width_bytes) {
        size_t value = 0;
        const auto bytes = take(width_bytes);
        for (size_t i = 0; i < bytes.size(); ++i)
            value |= static_cast<size_t>(bytes[i]) << (8 * i);
        return value;
    }
    std::span<const uint8_t> take(size_t count) {
        const auto taken = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }

private:
    std::span<const uint8_t> bytes_;
};

template <typename T>
void lay_out(dearth_region& region, uint64_t capacity, uint64_t& total_bytes) {
    region = {total_bytes, capacity, capacity, 0};
    total_bytes += capacity * sizeof(T);
}

std::vector<std::byte> well_formed_page() {
    dearth_control_header header = {};
    header.magic = DEARTH_CONTROL_MAGIC;
    header.version = DEARTH_CONTROL_VERSION;
    header.header_bytes = sizeof header;
    uint64_t total_bytes = sizeof header;
    lay_out<dearth_trial_slot>(header.slots, 2, total_bytes);
    lay_out<dearth_module>(header.modules, 2, total_bytes);
    lay_out<dearth_stream_entry>(header.stream, 3, total_bytes);
    lay_out<dearth_site_entry>(header.sites, 2, total_bytes);
    lay_out<dearth_leftover>(header.leftovers, 2, total_bytes);
    lay_out<char>(header.script, 16, total_bytes);
    lay_out<char>(header.warmup, 16, total_bytes);
    header.total_bytes = total_bytes;
    std::vector<std::byte> page(total_bytes);
    std::memcpy(page.data(), &header, sizeof header);
    return page;
}

std::vector<std::byte> page_from(std::span<const uint8_t> bytes) {
    uint64_t magic = 0;
    std::memcpy(&magic, bytes.data(), std::min(bytes.size(), sizeof magic));
    if (magic == DEARTH_CONTROL_MAGIC) {
        const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
        return {begin, begin + bytes.size()};
    }
    auto page = well_formed_page();
    Input input(bytes);
    const size_t cut = input.number(2) % page.size();  // 0: whole
    while (!input.is_empty()) {
        const size_t offset = input.number(3) % page.size();
        const auto patch = input.take(input.number(1));
        const size_t length = std::min(patch.size(), page.size() - offset);
        std::copy_n(reinterpret_cast<const std::byte*>(patch.data()), length,
                    page.begin() + static_cast<ptrdiff_t>(offset));
    }
    if (cut != 0)
        page.resize(cut);
    page.shrink_to_fit();
    return page;
}

template <size_t N>
void check_text(const char (&text)[N]) {
    require(std::memchr(text, '\0', N) != nullptr, "a text ends inside its array");
    require(bounded_text(text, N).size() < N, "a cleaned text is no longer than its array");
}

void check_stack(const dearth_stack& stack) {
    require(stack.depth <= DEARTH_FRAMES_MAX, "a stack has no more frames than its table");
}

void check_misuse(const dearth_misuse& misuse) {
    require(misuse.kind <= DEARTH_MISUSE_WRONG_DOMAIN, "a misuse's kind is a known one or none");
    require(misuse.phase < DEARTH_PHASE_COUNT, "a misuse happened in a phase");
    require(misuse.domain <= DEARTH_DOMAIN_COUNT, "a misuse's domain is known or unknown");
    check_text(misuse.place);
    check_stack(misuse.detected);
    check_stack(misuse.allocated);
    check_stack(misuse.freed);
}

void check_slot(const dearth_trial_slot& slot) {
    require(slot.kind_index < DEARTH_SWEEP_KINDS_MAX, "a slot's kind is in the table");
    require(slot.script_depth <= DEARTH_SCRIPT_FRAMES_MAX, "script frames fit their table");
    require(slot.phase < DEARTH_PHASE_COUNT, "a slot stands in a phase");
    require(slot.end <= DEARTH_END_INTERNAL, "a trial's end is a known one");
    check_stack(slot.injected);
    check_stack(slot.fatal);
    for (const auto& frame : slot.script) {
        check_text(frame.file);
        check_text(frame.function);
    }
    for (const auto& step : slot.steps) {
        require(step.status <= DEARTH_STATUS_STARTED, "a step's status is a known one");
        check_text(step.kind);
        check_text(step.message);
    }
    for (const auto& misuse : slot.misuses)
        check_misuse(misuse);
    for (const auto& leak : slot.leaks)
        check_stack(leak.allocated);
    check_text(slot.note);
}

void check_page(const ControlReader& reader) {
    check_text(reader.header().engine_version);
    check_text(reader.header().refusal);
    check_text(reader.header().config.script_name);
    for (uint64_t i = 0; i < reader.slot_count(); ++i)
        check_slot(reader.slot(i));
    for (uint64_t i = 0; i < reader.module_count(); ++i) {
        if (const auto module = reader.module(i)) {
            require(module->build_id_bytes <= sizeof module->build_id, "a build id fits its array");
            check_text(module->path);
        }
    }
    for (uint64_t i = 0; i < reader.stream_count(); ++i) {
        const dearth_stream_entry entry = reader.stream_entry(i);
        require(entry.op <= DEARTH_OP_COUNT, "a request's operation is a known one or none");
        require(entry.domain <= DEARTH_DOMAIN_COUNT, "a request's domain is known or unknown");
        require(entry.phase < DEARTH_PHASE_COUNT, "a request was made in a phase");
    }
    for (uint64_t i = 0; i < reader.site_count(); ++i)
        check_stack(reader.site_entry(i).stack);
    for (uint64_t i = 0; i < reader.leftover_count(); ++i)
        require(reader.leftover(i).domain <= DEARTH_DOMAIN_COUNT,
                "a leftover's domain is known or unknown");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
    const auto page = page_from({data, size_bytes});
    const ControlReader reader(page);
    if (reader.defect().empty())
        check_page(reader);
    return 0;
}
