// How a guarded block lies in memory. `F` = guard_before_bytes, `R` = guard_after_bytes, `N` = the
// size asked for, p = what the caller gets:
//
//     p-F          p-F+8     p-F+9              p            p+N             p+N+R     p+N+R+8
//     | size N     | domain  | forbidden 0xFD   | data       | forbidden     | serial  |
//     | big-endian | letter  | F-9 bytes        | N bytes    | R bytes       | big-end.|
//
// F = 16 and R = 8 are CPython's layout ("Debug hooks on the Python memory allocators"). The
// numbers are big-endian to be readable in a memory dump. A block from an aligned request may start
// further down: its letter is upper-case and followed by (p - start) / 16, big-endian, 4 bytes;
// p - start stands once more, 8 bytes, behind the serial, where an underflow does not reach.
// The serial may be left out, as CPython leaves it out by default: 8 bytes more for each block cost
// CPython more time than all else the guards do. Nothing here reports or frees.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dearth/allocator.h"

namespace dearth::hooks {

inline constexpr size_t kSizeFieldBytes = 8;
inline constexpr size_t kSerialFieldBytes = 8;
inline constexpr size_t kLeadFieldBytes = 8;   // of aligned blocks only
inline constexpr size_t kLetterWordBytes = 8;  // the letter and the seven bytes behind it
inline constexpr size_t kFrontMin = kSizeFieldBytes + kLetterWordBytes;
inline constexpr size_t kRearMin = 8;
inline constexpr size_t kUserAlignment = 16;
static_assert(kFrontMin % kUserAlignment == 0, "the header must not disturb alignment");

/// Above this the C library's fill wins.
inline constexpr size_t kInlineFillMax = 128;

/// Made by make_layout, so that the words always fit the bytes. They are kept because multiplying
/// them out for each block shows in the cost of one.
struct BlockLayout {
    size_t before_bytes;  ///< F
    size_t after_bytes;   ///< R
    size_t serial_bytes;  ///< 8, or 0: blocks carry no serial
    uint64_t clean_word;
    uint64_t dead_word;
    uint64_t forbidden_word;
    uint64_t letter_word;  ///< at p-F+8 of an ordinary block, as it reads here (little-endian)
    unsigned char clean;
    unsigned char dead;
    unsigned char forbidden;
    char letter;  ///< 'r', 'm' or 'o'
};

inline constexpr size_t kRearUsual = 2 * kRearMin;

/// A lean layout: the least there can be in front, that many bytes behind, and no serial. With
/// kRearMin it is CPython's own, with kRearUsual that of whole programs.
constexpr bool is_lean_layout(const BlockLayout& layout, size_t after_bytes) noexcept {
    return layout.before_bytes == kFrontMin && layout.after_bytes == after_bytes &&
           layout.serial_bytes == 0;
}

/// The same layout, with sizes that a compiler knows. Right only for that lean layout.
constexpr BlockLayout as_lean_layout(const BlockLayout& layout, size_t after_bytes) noexcept {
    BlockLayout lean = layout;
    lean.before_bytes = kFrontMin;
    lean.after_bytes = after_bytes;
    lean.serial_bytes = 0;
    return lean;
}

inline uint64_t load_word(const unsigned char* bytes) noexcept {
    uint64_t word = 0;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

inline void store_word(unsigned char* bytes, uint64_t word) noexcept {
    memcpy(bytes, &word, sizeof(word));
}

inline uint64_t load_big_endian(const unsigned char* bytes) noexcept {
    return __builtin_bswap64(load_word(bytes));
}

inline void store_big_endian(unsigned char* bytes, uint64_t value) noexcept {
    store_word(bytes, __builtin_bswap64(value));
}

constexpr uint64_t repeat_byte(unsigned char byte) noexcept {
    return UINT64_C(0x0101010101010101) * byte;
}

constexpr char domain_letter(uint32_t domain) noexcept {
    return domain < DEARTH_DOMAIN_COUNT ? "rmo"[domain] : '?';
}

/// DEARTH_DOMAIN_COUNT when no domain has that letter, in either case.
constexpr uint32_t domain_of_letter(unsigned char letter) noexcept {
    for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        if ((letter | 0x20) == static_cast<unsigned char>(domain_letter(domain))) {
            return domain;
        }
    }
    return DEARTH_DOMAIN_COUNT;
}

constexpr bool is_upper_letter(unsigned char letter) noexcept {
    return (letter & 0x20) == 0;
}

constexpr BlockLayout make_layout(size_t before_bytes, size_t after_bytes, unsigned char clean,
                                  unsigned char dead, unsigned char forbidden, char letter,
                                  size_t serial_bytes) noexcept {
    const uint64_t letter_word =
        (repeat_byte(forbidden) & ~UINT64_C(0xFF)) | static_cast<unsigned char>(letter);
    return BlockLayout{before_bytes,
                       after_bytes,
                       serial_bytes,
                       repeat_byte(clean),
                       repeat_byte(dead),
                       repeat_byte(forbidden),
                       letter_word,
                       clean,
                       dead,
                       forbidden,
                       letter};
}

/// The same of an aligned block whose p lies `lead_bytes` behind the allocation's start.
constexpr uint64_t aligned_letter_word(const BlockLayout& layout, size_t lead_bytes) noexcept {
    const auto upper = static_cast<unsigned char>(layout.letter & ~0x20);
    const uint64_t units = __builtin_bswap32(static_cast<uint32_t>(lead_bytes / kUserAlignment));
    return (layout.forbidden_word & ~UINT64_C(0xFFFFFFFFFF)) | (units << 8) | upper;
}

inline size_t lead_of_aligned_word(uint64_t word) noexcept {
    return size_t{__builtin_bswap32(static_cast<uint32_t>(word >> 8))} * kUserAlignment;
}

/// Two words that go to memory in one store.
struct WordPair {
    uint64_t words __attribute__((vector_size(16)));
};

// The C library's, and not the compiler's: where GCC can bound the size it fills with `rep stos`,
// whose start costs more than a whole block of this size.
__attribute__((noinline)) inline void fill_large(unsigned char* bytes, unsigned char byte,
                                                 size_t count) noexcept {
    memset(bytes, byte, count);
}

inline void store_pair(unsigned char* bytes, const WordPair& pair) noexcept {
    memcpy(bytes, &pair, sizeof(pair));
}

/// Fills 16 to kInlineFillMax bytes. Stores that overlap from both ends: few branches, and none
/// that a mix of sizes makes hard to predict, as a loop's end is.
inline void fill_pairs(unsigned char* bytes, const WordPair& pair, size_t count) noexcept {
    unsigned char* end = bytes + count;
    store_pair(bytes, pair);
    store_pair(end - 16, pair);
    if (count > 32) {
        store_pair(bytes + 16, pair);
        store_pair(end - 32, pair);
    }
    if (count > 64) {
        store_pair(bytes + 32, pair);
        store_pair(bytes + 48, pair);
        store_pair(end - 64, pair);
        store_pair(end - 48, pair);
    }
}

/// Fills with `word`, a byte repeated: memset without the call for the small blocks that make up
/// most of a heap.
inline void fill_words(unsigned char* bytes, uint64_t word, size_t count) noexcept {
    if (__builtin_expect(count >= sizeof(WordPair) && count <= kInlineFillMax, 1)) {
        fill_pairs(bytes, WordPair{{word, word}}, count);
    } else if (count >= sizeof(word) && count < sizeof(WordPair)) {
        store_word(bytes, word);
        store_word(bytes + count - sizeof(word), word);
    } else {
        fill_large(bytes, static_cast<unsigned char>(word), count);
    }
}

/// Writes header, guards and serial around `size_bytes` at `block`.
inline void write_guards(const BlockLayout& layout, unsigned char* block, size_t size_bytes,
                         uint64_t letter_word, uint64_t serial) noexcept {
    unsigned char* start = block - layout.before_bytes;
    store_big_endian(start, size_bytes);
    store_word(start + kSizeFieldBytes, letter_word);
    if (layout.before_bytes > kFrontMin) {
        memset(start + kFrontMin, layout.forbidden, layout.before_bytes - kFrontMin);
    }
    if (layout.after_bytes == kRearMin) {
        store_word(block + size_bytes, layout.forbidden_word);
    } else if (layout.after_bytes == kRearUsual) {
        store_pair(block + size_bytes, WordPair{{layout.forbidden_word, layout.forbidden_word}});
    } else {
        memset(block + size_bytes, layout.forbidden, layout.after_bytes);
    }
    if (layout.serial_bytes != 0) {
        store_big_endian(block + size_bytes + layout.after_bytes, serial);
    }
}

/// Bytes that are not what they should be, and the one nearest to the block's edge.
struct Damage {
    uint32_t changed_bytes;
    size_t nearest_bytes;  ///< distance of the nearest changed byte from the edge, from 0
};

/// Compares `count` bytes with `expected`; the edge is at `bytes` itself, or at `bytes + count`.
inline Damage find_damage(const unsigned char* bytes, size_t count, unsigned char expected,
                          bool is_edge_behind) noexcept {
    Damage damage = {0, 0};
    for (size_t step = 0; step < count; ++step) {
        const unsigned char byte = is_edge_behind ? bytes[count - 1 - step] : bytes[step];
        if (byte != expected) {
            damage.nearest_bytes = damage.changed_bytes == 0 ? step : damage.nearest_bytes;
            ++damage.changed_bytes;
        }
    }
    return damage;
}

/// Whether all of them are `expected`, by words.
inline bool is_filled_with(const unsigned char* bytes, size_t count,
                           unsigned char expected) noexcept {
    const uint64_t word = repeat_byte(expected);
    for (; count >= sizeof(word); bytes += sizeof(word), count -= sizeof(word)) {
        if (load_word(bytes) != word) {
            return false;
        }
    }
    for (; count > 0; ++bytes, --count) {
        if (*bytes != expected) {
            return false;
        }
    }
    return true;
}

}  // namespace dearth::hooks
