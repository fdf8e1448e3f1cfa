// Misuse of the heap, as the layers found it while it happened: one accusation for each distinct
// (kind, place) that the slot has room for.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "dearth/allocator.h"
#include "harness/base/text.h"
#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"

namespace dearth::harness {
namespace {

std::optional<Verdict> verdict_of(uint32_t kind) {
    switch (kind) {
        case DEARTH_MISUSE_OVERFLOW:
            return Verdict::kOverflow;
        case DEARTH_MISUSE_UNDERFLOW:
            return Verdict::kUnderflow;
        case DEARTH_MISUSE_USE_AFTER_FREE:
            return Verdict::kUseAfterFree;
        case DEARTH_MISUSE_DOUBLE_FREE:
            return Verdict::kDoubleFree;
        case DEARTH_MISUSE_INVALID_FREE:
            return Verdict::kInvalidFree;
        case DEARTH_MISUSE_MISMATCHED_FREE:
            return Verdict::kMismatchedFree;
        case DEARTH_MISUSE_WRONG_DOMAIN:
            return Verdict::kWrongDomain;
        default:
            return std::nullopt;
    }
}

std::string domain_words(uint32_t domain) {
    switch (domain) {
        case DEARTH_DOMAIN_RAW:
            return "raw";
        case DEARTH_DOMAIN_MEM:
            return "mem";
        case DEARTH_DOMAIN_OBJECT:
            return "obj";
        default:
            return "unknown";
    }
}

// A misuse is found in a call that gives a block back, or by a look over all blocks.
std::string call_words(uint32_t op) {
    return op == DEARTH_OP_REALLOC || op == DEARTH_OP_SHRINK ? "realloc" : "free";
}

// "delete[]" frees what "new[]" made.
struct FamilyWords {
    std::string_view maker;
    std::string_view freer;
};
FamilyWords family_words(uint32_t family) {
    switch (family) {
        case DEARTH_FAMILY_NEW:
            return {"new", "delete"};
        case DEARTH_FAMILY_NEW_ARRAY:
            return {"new[]", "delete[]"};
        default:
            return {"malloc", "free"};
    }
}

// "64-byte block"; "block" when its size is not known.
std::string block_words(const dearth_misuse& misuse) {
    return misuse.block_size_bytes == 0 ? "block"
                                        : fmt::format("{}-byte block", misuse.block_size_bytes);
}

uint64_t distance_of(const dearth_misuse& misuse) {
    const auto bits = static_cast<uint64_t>(misuse.distance_bytes);
    return misuse.distance_bytes < 0 ? 0 - bits : bits;
}

std::string invalid_free_words(const dearth_misuse& misuse) {
    const std::string call = call_words(misuse.op);
    if (misuse.block_size_bytes != 0 && misuse.distance_bytes != 0) {
        return fmt::format("{} of a pointer {} {} the start of a {}", call,
                           plural(distance_of(misuse), "byte"),
                           misuse.distance_bytes < 0 ? "before" : "past", block_words(misuse));
    }
    return fmt::format("{} of a pointer that no allocator of the {} domain returned", call,
                       domain_words(misuse.domain));
}

// "3 bytes written", or what stopped at a closed page: "a read".
std::string access_words(const dearth_misuse& misuse) {
    if (was_stopped_by_page(misuse)) {
        return misuse.access == DEARTH_ACCESS_READ ? "a read" : "a write";
    }
    return plural(misuse.changed_bytes, "byte") + " written";
}

std::string hex_bytes(const uint8_t* bytes, uint32_t count) {
    std::string text;
    for (uint32_t i = 0; i < count; ++i) {
        text += fmt::format("{}{:02x}", i == 0 ? "" : " ", bytes[i]);
    }
    return text;
}

// What stands there and what should.
std::string shown_words(const dearth_misuse& misuse) {
    const uint32_t count = std::min<uint32_t>(misuse.shown_bytes, DEARTH_SHOWN_BYTES_MAX);
    return count == 0 ? std::string()
                      : fmt::format("; found {}, expected {}", hex_bytes(misuse.found, count),
                                    hex_bytes(misuse.expected, count));
}

std::string misuse_words(const dearth_misuse& misuse) {
    const std::string changed = access_words(misuse);
    const std::string distance = plural(distance_of(misuse), "byte");
    switch (misuse.kind) {
        case DEARTH_MISUSE_OVERFLOW:
            return fmt::format("{} {} past the end of a {}", changed, distance,
                               block_words(misuse));
        case DEARTH_MISUSE_UNDERFLOW:
            return fmt::format("{} {} before the start of a {}", changed, distance,
                               block_words(misuse));
        case DEARTH_MISUSE_USE_AFTER_FREE:
            return fmt::format("{} {} into a freed {}", changed, distance, block_words(misuse));
        case DEARTH_MISUSE_DOUBLE_FREE:
            return fmt::format("{} of an already freed {}", call_words(misuse.op),
                               block_words(misuse));
        case DEARTH_MISUSE_INVALID_FREE:
            return invalid_free_words(misuse);
        case DEARTH_MISUSE_MISMATCHED_FREE:
            if (misuse.family != misuse.block_family) {
                const bool is_free =
                    misuse.family != DEARTH_FAMILY_MALLOC || misuse.op == DEARTH_OP_COUNT;
                return fmt::format(
                    "{} of a {} that {} made",
                    is_free ? family_words(misuse.family).freer : std::string_view("realloc"),
                    block_words(misuse), family_words(misuse.block_family).maker);
            }
            return fmt::format("{} says {}, the block was made with {}", call_words(misuse.op),
                               plural(misuse.told_size_bytes, "byte"),
                               plural(misuse.block_size_bytes, "byte"));
        case DEARTH_MISUSE_WRONG_DOMAIN:
            return fmt::format("{} in the {} domain of a {} of the {} domain",
                               call_words(misuse.op), domain_words(misuse.domain),
                               block_words(misuse), domain_words(misuse.block_domain));
        default:
            return "";
    }
}

std::string detail_of(const dearth_misuse& misuse) {
    std::string detail = misuse_words(misuse);
    const std::string_view place = slot_text(misuse.place);
    if (!place.empty()) {
        detail += " at " + printable_text(place);
    }
    return detail + shown_words(misuse);
}

bool is_same_place(const dearth_misuse& a, const dearth_misuse& b) {
    const uint32_t depth = std::min<uint32_t>(a.detected.depth, DEARTH_FRAMES_MAX);
    return a.kind == b.kind && a.detected.depth == b.detected.depth && depth != 0 &&
           std::equal(a.detected.frames, a.detected.frames + depth, b.detected.frames);
}

}  // namespace

OracleAnswer misuse_answer(const dearth_trial_slot& slot) {
    OracleAnswer answer;
    const uint32_t kept = std::min<uint32_t>(slot.misuse_count, DEARTH_MISUSES_MAX);
    for (uint32_t i = 0; i < kept; ++i) {
        const dearth_misuse& misuse = slot.misuses[i];
        const std::optional<Verdict> verdict = verdict_of(misuse.kind);
        if (!verdict) {
            // A slot half written when the process died, or bytes that are not ours.
            answer.standing = Standing{Verdict::kInconclusive,
                                       "the record makes no sense: misuse of an unknown kind"};
            continue;
        }
        const bool is_repeat = std::any_of(
            slot.misuses, slot.misuses + i,
            [&misuse](const dearth_misuse& earlier) { return is_same_place(earlier, misuse); });
        if (!is_repeat) {
            answer.accusations.push_back(
                {*verdict, detail_of(misuse), misuse.detected, misuse.allocated, misuse.freed});
        }
    }
    if (slot.misuse_count > kept && !answer.accusations.empty()) {
        answer.accusations.back().detail +=
            fmt::format(" (and {} more in this trial)", slot.misuse_count - kept);
    }
    return answer;
}

OracleAnswer heap_oracle(const OracleInput& input) {
    return input.scenario.expect.needs_no_corruption ? misuse_answer(input.record.slot)
                                                     : OracleAnswer::nothing();
}

}  // namespace dearth::harness
