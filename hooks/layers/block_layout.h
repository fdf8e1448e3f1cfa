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
inline constexpr size_t kInlineFillMax = 160;

struct BlockLayout {
    size_t before_bytes;  ///< F
    size_t after_bytes;   ///< R
    unsigned char clean;
    unsigned char dead;
    unsigned char forbidden;
    char letter;          ///< 'r', 'm' or 'o'
    size_t serial_bytes;  ///< 8, or 0: blocks carry no serial
};

/// CPython's own layout: the least there can be in front and behind, and no serial.
constexpr bool is_least_layout(const BlockLayout& layout) noexcept {
    return layout.before_bytes == kFrontMin && layout.after_bytes == kRearMin &&
           layout.serial_bytes == 0;
}

/// The same layout, with numbers that a compiler knows. Right only for the least layout.
constexpr BlockLayout as_least_layout(const BlockLayout& layout) noexcept {
    return BlockLayout{kFrontMin,     kRearMin, layout.clean, layout.dead, layout.forbidden,
                       layout.letter, 0};
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

/// The word at p-F+8 of an ordinary block, as it reads on this machine (little-endian).
constexpr uint64_t ordinary_letter_word(const BlockLayout& layout) noexcept {
    return (repeat_byte(layout.forbidden) & ~UINT64_C(0xFF)) |
           static_cast<unsigned char>(layout.letter);
}

/// The same of an aligned block whose p lies `lead_bytes` behind the allocation's start.
constexpr uint64_t aligned_letter_word(const BlockLayout& layout, size_t lead_bytes) noexcept {
    const auto upper = static_cast<unsigned char>(layout.letter & ~0x20);
    const uint64_t units = __builtin_bswap32(static_cast<uint32_t>(lead_bytes / kUserAlignment));
    return (repeat_byte(layout.forbidden) & ~UINT64_C(0xFFFFFFFFFF)) | (units << 8) | upper;
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

/// memset, without the call for the small blocks that make up most of a heap.
inline void fill_bytes(unsigned char* bytes, unsigned char byte, size_t count) noexcept {
    const uint64_t word = repeat_byte(byte);
    if (__builtin_expect(count < sizeof(word) || count > kInlineFillMax, 0)) {
        fill_large(bytes, byte, count);
        return;
    }
    if (count < sizeof(WordPair)) {
        store_word(bytes, word);
        store_word(bytes + count - sizeof(word), word);
        return;
    }
    const WordPair pair = {{word, word}};
    for (size_t index = 0; index + sizeof(pair) < count; index += sizeof(pair)) {
        memcpy(bytes + index, &pair, sizeof(pair));
    }
    memcpy(bytes + count - sizeof(pair), &pair, sizeof(pair));
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
        store_word(block + size_bytes, repeat_byte(layout.forbidden));
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
