// Reports for people; see the header.
#include "hooks/record/misuse_text.h"

#include <dlfcn.h>
#include <unistd.h>

#include "dearth/allocator.h"
#include "hooks/base/raw_output.h"
#include "hooks/record/module_table.h"

namespace dearth::hooks {

namespace {

const char* misuse_name(uint32_t kind) noexcept {
    switch (kind) {
        case DEARTH_MISUSE_OVERFLOW:
            return "overflow";
        case DEARTH_MISUSE_UNDERFLOW:
            return "underflow";
        case DEARTH_MISUSE_USE_AFTER_FREE:
            return "use after free";
        case DEARTH_MISUSE_DOUBLE_FREE:
            return "double free";
        case DEARTH_MISUSE_INVALID_FREE:
            return "invalid free";
        case DEARTH_MISUSE_MISMATCHED_FREE:
            return "mismatched free";
        case DEARTH_MISUSE_WRONG_DOMAIN:
            return "wrong domain";
        default:
            return "misuse";
    }
}

const char* domain_word(uint32_t domain) noexcept {
    const char* name = dearth_domain_name(domain);
    return name == nullptr ? "?" : name;
}

void print_frames(RawOutput& output, const char* title, void* const* frames,
                  size_t depth) noexcept {
    if (depth == 0) {
        return;
    }
    // A deep stack of long names fills the buffer by itself.
    output.write_to(STDERR_FILENO);
    output.text("  ").text(title).text(":\n");
    for (size_t index = 0; index < depth; ++index) {
        const char* module = module_name_at(frames[index]);
        output.text("    #").decimal(index).text(" ");
        if (module == nullptr) {
            output.hex(reinterpret_cast<uint64_t>(frames[index]));
        } else {
            output.text(module).text("+").hex(module_place_at(frames[index]).offset);
        }
        Dl_info info = {};
        if (dladdr(static_cast<const char*>(frames[index]) - 1, &info) != 0 &&
            info.dli_sname != nullptr) {
            output.text(" ").text(info.dli_sname);
        }
        output.text("\n");
    }
}

void print_mismatch(RawOutput& output, const dearth_misuse& misuse) noexcept {
    static constexpr const char* kMakers[] = {"malloc", "new", "new[]"};
    static constexpr const char* kFrees[] = {"free", "delete", "delete[]"};
    constexpr uint32_t kFamilies = DEARTH_FAMILY_NEW_ARRAY + 1;
    if (misuse.family == misuse.block_family) {
        output.text("  caller says ").decimal(misuse.told_size_bytes).text(" bytes\n");
    } else if (misuse.family < kFamilies && misuse.block_family < kFamilies) {
        output.text("  made by ").text(kMakers[misuse.block_family]);
        output.text(", given to ").text(kFrees[misuse.family]).text("\n");
    }
}

const char* access_words(uint32_t access) noexcept {
    return access == DEARTH_ACCESS_READ    ? ", by reading"
           : access == DEARTH_ACCESS_WRITE ? ", by writing"
                                           : "";
}

void print_distance(RawOutput& output, const dearth_misuse& misuse) noexcept {
    const bool is_behind = misuse.kind == DEARTH_MISUSE_OVERFLOW;
    if (misuse.changed_bytes != 0) {
        output.text("  ").decimal(misuse.changed_bytes).text(" bytes changed, the first at ");
    } else if (misuse.access != DEARTH_ACCESS_UNKNOWN || misuse.distance_bytes != 0) {
        output.text("  at ");
    } else {
        return;
    }
    output.signed_decimal(misuse.distance_bytes);
    output.text(is_behind ? " from the block's end\n" : " from the block's start\n");
}

void print_bytes(RawOutput& output, const char* title, const uint8_t* bytes,
                 size_t count) noexcept {
    if (count == 0) {
        return;
    }
    static constexpr char kDigits[] = "0123456789abcdef";
    output.text("    ").text(title);
    for (size_t index = 0; index < count && index < DEARTH_SHOWN_BYTES_MAX; ++index) {
        const char digits[] = {' ', kDigits[bytes[index] / 16], kDigits[bytes[index] % 16], '\0'};
        output.text(digits);
    }
    output.text("\n");
}

void print_summary(RawOutput& output, const dearth_misuse& misuse) noexcept {
    output.text("dearth: ").text(misuse_name(misuse.kind)).text(": block ").hex(misuse.address);
    output.text(" in domain ").text(domain_word(misuse.domain));
    if (misuse.op < DEARTH_OP_COUNT) {
        output.text(", found by ").text(dearth_op_name(misuse.op));
    }
    output.text(access_words(misuse.access)).text(", thread ").decimal(misuse.thread).text("\n");
    if (misuse.kind == DEARTH_MISUSE_WRONG_DOMAIN) {
        output.text("  made in domain ").text(domain_word(misuse.block_domain)).text("\n");
    }
    if (misuse.kind == DEARTH_MISUSE_MISMATCHED_FREE) {
        print_mismatch(output, misuse);
    }
    print_distance(output, misuse);
    print_bytes(output, "found   ", misuse.found, misuse.shown_bytes);
    print_bytes(output, "expected", misuse.expected, misuse.shown_bytes);
    if (misuse.serial != 0 || misuse.block_size_bytes != 0) {
        output.text("  asked for ").decimal(misuse.block_size_bytes).text(" bytes");
        output.text(" by request ").decimal(misuse.serial);
        output.text(misuse.place[0] != '\0' ? " at " : "").text(misuse.place).text("\n");
    }
}

// The frames of a filled stack are in the page's form; a report for people starts from raw ones.
size_t decode_frames(const dearth_stack& stack, void** frames) noexcept {
    size_t depth = 0;
    for (; depth < stack.depth && depth < DEARTH_FRAMES_MAX; ++depth) {
        frames[depth] = decode_frame(stack.frames[depth]);
    }
    return depth;
}

}  // namespace

void print_misuse(const dearth_misuse& misuse) noexcept {
    RawOutput output;
    void* frames[DEARTH_FRAMES_MAX];
    print_summary(output, misuse);
    print_frames(output, "detected", frames, decode_frames(misuse.detected, frames));
    print_frames(output, "allocated", frames, decode_frames(misuse.allocated, frames));
    print_frames(output, "freed", frames, decode_frames(misuse.freed, frames));
    output.write_to(STDERR_FILENO);
}

void print_leak(const dearth_leak_site& leak) noexcept {
    RawOutput output;
    void* frames[DEARTH_FRAMES_MAX];
    const bool is_lost = leak.lost_blocks != 0;
    const uint64_t blocks = is_lost ? leak.lost_blocks : leak.blocks;
    output.text(is_lost ? "dearth: leak: " : "dearth: still reachable: ");
    output.decimal(is_lost ? leak.lost_bytes : leak.bytes).text(" bytes in ").decimal(blocks);
    output.text(blocks == 1 ? " block" : " blocks").text(is_lost ? " lost\n" : "\n");
    print_frames(output, "allocated", frames, decode_frames(leak.allocated, frames));
    output.write_to(STDERR_FILENO);
}

void print_signal(int signal_number, uint64_t address, void* const* frames, size_t depth) noexcept {
    RawOutput output;
    output.text("dearth: the program dies of signal ")
        .decimal(static_cast<uint64_t>(signal_number));
    output.text(", address ").hex(address).text("\n");
    print_frames(output, "stack", frames, depth);
    output.write_to(STDERR_FILENO);
}

}  // namespace dearth::hooks
