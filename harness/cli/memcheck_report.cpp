#include "harness/cli/memcheck_report.h"

#include <algorithm>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/oracle/slot_text.h"
#include "harness/triage/stack_trim.h"

namespace dearth::harness {
namespace {

std::string headline(const dearth_misuse& misuse) {
    switch (misuse.kind) {
        case DEARTH_MISUSE_OVERFLOW:
        case DEARTH_MISUSE_UNDERFLOW:
        case DEARTH_MISUSE_USE_AFTER_FREE:
            // The width of an access that a page stopped is not known: at least one byte.
            return fmt::format("Invalid {} of size {}",
                               misuse.access == DEARTH_ACCESS_READ ? "read" : "write",
                               std::max<uint32_t>(misuse.changed_bytes, 1));
        case DEARTH_MISUSE_MISMATCHED_FREE:
        case DEARTH_MISUSE_WRONG_DOMAIN:
            return "Mismatched free() / delete / delete []";
        default:
            return "Invalid free() / delete / delete[] / realloc()";
    }
}

// Where the first byte concerned is.
uint64_t place_of(const dearth_misuse& misuse) {
    const uint64_t begin = misuse.kind == DEARTH_MISUSE_OVERFLOW
                               ? misuse.address + misuse.block_size_bytes
                               : misuse.address;
    const bool is_access = misuse.kind == DEARTH_MISUSE_OVERFLOW ||
                           misuse.kind == DEARTH_MISUSE_UNDERFLOW ||
                           misuse.kind == DEARTH_MISUSE_USE_AFTER_FREE;
    return is_access ? begin + static_cast<uint64_t>(misuse.distance_bytes) : begin;
}

std::string relation(const dearth_misuse& misuse) {
    const auto bits = static_cast<uint64_t>(misuse.distance_bytes);
    const uint64_t distance = misuse.distance_bytes < 0 ? 0 - bits : bits;
    if (misuse.kind == DEARTH_MISUSE_OVERFLOW)
        return fmt::format("{} bytes after", distance);
    return fmt::format("{} bytes {}", distance, misuse.distance_bytes < 0 ? "before" : "inside");
}

std::string hex_bytes(const uint8_t* bytes, uint32_t count) {
    std::string text;
    for (uint32_t i = 0; i < count; ++i)
        text += fmt::format(" {:02x}", bytes[i]);
    return text;
}

std::string frame_line(const SymbolFrame& frame, std::string_view word) {
    const std::string name = frame.function.empty() ? "???" : printable_text(frame.function);
    const std::string place =
        frame.file.empty()
            ? "in " + printable_text(frame.module.empty() ? "???" : frame.module)
            : fmt::format("{}:{}", printable_text(frame.file.substr(frame.file.rfind('/') + 1)),
                          frame.line);
    return fmt::format("   {} {:#x}: {} ({})", word, frame.offset, name, place);
}

bool is_known(const dearth_misuse& misuse) {
    return misuse.block_size_bytes != 0 || misuse.serial != 0 || misuse.allocated.depth != 0;
}

}  // namespace

void MemcheckReport::add_stack(const dearth_stack& stack, std::string_view first_word) {
    size_t shown = 0;
    for (const SymbolFrame& frame : resolve_stack(stack, modules_.modules(), symbolizer_)) {
        if (is_own_frame(frame))
            continue;
        if (shown == arguments_.callers)
            break;
        line(frame_line(frame, shown == 0 ? first_word : "by"));
        ++shown;
        if (frame.function == "main")
            break;
    }
}

std::string MemcheckReport::key_of(const dearth_misuse& misuse, bool with_detected) {
    std::string key = fmt::format("{}", misuse.kind);
    const auto add = [&](const dearth_stack& stack) {
        for (uint32_t i = 0; i < stack.depth; ++i)
            key += fmt::format(" {:x}", stack.frames[i]);
        key += '|';
    };
    add(misuse.allocated);
    if (with_detected || misuse.allocated.depth == 0)
        add(misuse.detected);
    return key;
}

void MemcheckReport::add_block(const dearth_misuse& misuse) {
    const uint64_t place = place_of(misuse);
    if (!is_known(misuse)) {
        line(fmt::format(" Address {:#x} is not stack'd, malloc'd or (recently) free'd", place));
        return;
    }
    const bool is_freed =
        misuse.kind == DEARTH_MISUSE_USE_AFTER_FREE || misuse.kind == DEARTH_MISUSE_DOUBLE_FREE;
    line(fmt::format(" Address {:#x} is {} a block of size {} {}", place, relation(misuse),
                     misuse.block_size_bytes, is_freed ? "free'd" : "alloc'd"));
    if (is_freed) {
        add_stack(misuse.freed, "at");
        line(" Block was alloc'd at");
    }
    add_stack(misuse.allocated, "at");
}

void MemcheckReport::add_misuse(const dearth_misuse& misuse) {
    line(headline(misuse));
    add_stack(misuse.detected, "at");
    if (misuse.changed_bytes != 0)
        line(" Seen when the block was looked at: the write came before");
    if (misuse.kind == DEARTH_MISUSE_MISMATCHED_FREE && misuse.family == misuse.block_family)
        line(fmt::format(" The caller says {} bytes", misuse.told_size_bytes));
    add_block(misuse);
    const uint32_t count = std::min<uint32_t>(misuse.shown_bytes, DEARTH_SHOWN_BYTES_MAX);
    if (count != 0) {
        line(" Bytes found   " + hex_bytes(misuse.found, count));
        line(" Bytes expected" + hex_bytes(misuse.expected, count));
    }
    line("");
}

void MemcheckReport::add_crash(const HeapCheck& check) {
    const uint32_t kept = std::min<uint32_t>(check.slot.misuse_count, DEARTH_MISUSES_MAX);
    const bool is_told =
        std::any_of(check.slot.misuses, check.slot.misuses + kept, was_stopped_by_page);
    if (!check.exit.was_signaled || is_told)
        return;
    const char* name = sigabbrev_np(check.exit.code);
    line(fmt::format("Process terminating with default action of signal {} (SIG{})",
                     check.exit.code, name != nullptr ? name : "?"));
    if (check.slot.fatal_signal == check.exit.code && check.exit.code == SIGSEGV)
        line(fmt::format(" Access at address {:#x}", check.slot.fatal_address));
    add_stack(check.slot.fatal, "at");
    line("");
}

void MemcheckReport::add_errors(const HeapCheck& check) {
    const dearth_trial_slot& slot = check.slot;
    const uint32_t kept = std::min<uint32_t>(slot.misuse_count, DEARTH_MISUSES_MAX);
    const bool is_first = told_before_.empty() && contexts_ == 0;
    told_.clear();
    for (uint32_t i = 0; i < kept; ++i) {
        const dearth_misuse& misuse = slot.misuses[i];
        if (told_before_.contains(key_of(misuse, false)))
            continue;
        ++errors_;
        if (!told_.insert(key_of(misuse, true)).second)
            continue;
        ++contexts_;
        add_misuse(misuse);
    }
    for (uint32_t i = 0; i < kept; ++i)
        told_before_.insert(key_of(slot.misuses[i], false));
    if (slot.misuse_count > kept) {
        if (is_first)
            errors_ += slot.misuse_count - kept;
        line(fmt::format("dearth: {} more errors of this run are counted, not shown",
                         slot.misuse_count - kept));
    }
    add_crash(check);
}

// libc never frees those of its standard streams; Valgrind makes it do so before it looks.
bool MemcheckReport::is_stream_buffer(const dearth_stack& stack) {
    const auto frames = resolve_stack(stack, modules_.modules(), symbolizer_);
    return std::ranges::any_of(frames, [](const SymbolFrame& frame) {
        return frame.function.find("_IO_file_doallocate") != std::string::npos;
    });
}

void MemcheckReport::add_leaks(const HeapCheck& check) {
    uint64_t lost_bytes = 0, lost_blocks = 0, kept_bytes = 0, kept_blocks = 0;
    size_t records = 0;
    for (const dearth_leak_site& leak : check.leaks) {
        lost_bytes += leak.lost_bytes;
        lost_blocks += leak.lost_blocks;
        kept_bytes += leak.bytes - leak.lost_bytes;
        kept_blocks += leak.blocks - leak.lost_blocks;
        records += (leak.lost_blocks != 0 ? 1 : 0) + (leak.blocks != leak.lost_blocks ? 1 : 0);
    }
    size_t record = 0;
    const auto tell = [&](const dearth_leak_site& leak, uint64_t bytes, uint64_t blocks,
                          std::string_view what) {
        line(fmt::format("{} bytes in {} blocks are {} in loss record {} of {}", bytes, blocks,
                         what, ++record, records));
        add_stack(leak.allocated, "at");
        line("");
    };
    if (check.slot.reachability == DEARTH_REACHABILITY_UNKNOWN)
        add_note(
            "whether blocks are lost could not be found out: no memory for the search, or the "
            "kernel shows the process nothing of itself");
    for (const dearth_leak_site& leak : check.leaks) {
        if (arguments_.leak_check != LeakCheck::kFull)
            break;
        if (leak.lost_blocks != 0) {
            ++errors_;
            ++contexts_;
            tell(leak, leak.lost_bytes, leak.lost_blocks, "definitely lost");
        }
        if (leak.blocks != leak.lost_blocks && arguments_.shows_reachable &&
            !is_stream_buffer(leak.allocated))
            tell(leak, leak.bytes - leak.lost_bytes, leak.blocks - leak.lost_blocks,
                 "still reachable");
    }
    if (arguments_.is_quiet)
        return;
    line("LEAK SUMMARY:");
    line(fmt::format("   definitely lost: {} bytes in {} blocks", lost_bytes, lost_blocks));
    line(fmt::format("   still reachable: {} bytes in {} blocks", kept_bytes, kept_blocks));
    line("");
}

void MemcheckReport::add_note(std::string_view text) {
    line(fmt::format("dearth: {}", text));
}

void MemcheckReport::add_summary() {
    if (!arguments_.is_quiet)
        line(fmt::format("ERROR SUMMARY: {} errors from {} contexts", errors_, contexts_));
}

std::string MemcheckReport::text(pid_t pid) const {
    std::string text;
    for (size_t at = 0; at < lines_.size();) {
        const size_t end = lines_.find('\n', at);
        text += fmt::format("=={}== {}\n", pid, std::string_view(lines_).substr(at, end - at));
        at = end + 1;
    }
    return text;
}

}  // namespace dearth::harness
