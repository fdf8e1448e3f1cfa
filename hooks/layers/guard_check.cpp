// Judging bytes; see the header. The fast path reads the letter's word and the rear guard; all
// else happens only to a damaged block.
#include "hooks/layers/guard_check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"
#include "hooks/layers/shown_bytes.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

// Reads through the kernel, which answers for an unmapped page instead of killing us.
bool read_safely(const unsigned char* from, unsigned char* to, size_t count) noexcept {
    ErrnoSaver saver;
    iovec local = {to, count};
    iovec remote = {const_cast<unsigned char*>(from), count};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(count);
}

dearth_misuse misuse_of(const GuardLayer& layer, uint32_t kind, const unsigned char* block,
                        size_t size_bytes) noexcept {
    dearth_misuse misuse = {};
    misuse.kind = kind;
    misuse.block_domain = layer.domain;
    misuse.address = reinterpret_cast<uint64_t>(block);
    misuse.block_size_bytes = size_bytes;
    return misuse;
}

bool is_rear_intact(const GuardLayer& layer, const unsigned char* block,
                    size_t size_bytes) noexcept {
    const BlockLayout& layout = layer.layout;
    return is_filled_with(block + size_bytes, layout.after_bytes, layout.forbidden);
}

bool is_believable(const GuardLayer& layer, const unsigned char* block,
                   size_t size_bytes) noexcept {
    unsigned char rear[kRearMin];
    return size_bytes <= kPlausibleMax && read_safely(block + size_bytes, rear, sizeof(rear)) &&
           is_filled_with(rear, sizeof(rear), layer.layout.forbidden);
}

// The front guard as it should read, against as it reads.
Damage front_damage(const GuardLayer& layer, const unsigned char* block, uint64_t letter_word,
                    bool has_known_size, size_t known_bytes) noexcept {
    const BlockLayout& layout = layer.layout;
    const unsigned char* start = block - layout.before_bytes;
    const unsigned char* words_end = start + kFrontMin;
    Damage damage = find_damage(words_end, layout.before_bytes - kFrontMin, layout.forbidden, true);
    unsigned char expected[kFrontMin];
    store_big_endian(expected, known_bytes);
    store_word(expected + kSizeFieldBytes, letter_word);
    const size_t first = has_known_size ? 0 : kSizeFieldBytes;
    for (size_t index = kFrontMin; index > first; --index) {
        if (start[index - 1] != expected[index - 1]) {
            const auto distance = static_cast<size_t>(block - (start + index));
            damage.nearest_bytes = damage.changed_bytes == 0 ? distance : damage.nearest_bytes;
            ++damage.changed_bytes;
        }
    }
    return damage;
}

void report_underflow(GuardLayer& layer, unsigned char* block, uint64_t letter_word,
                      bool has_known_size, size_t size_bytes) noexcept {
    const Damage damage = front_damage(layer, block, letter_word, has_known_size, size_bytes);
    dearth_misuse misuse = misuse_of(layer, DEARTH_MISUSE_UNDERFLOW, block, size_bytes);
    misuse.access = DEARTH_ACCESS_WRITE;
    misuse.changed_bytes = damage.changed_bytes;
    misuse.distance_bytes = -1 - static_cast<int64_t>(damage.nearest_bytes);
    const BlockLayout& layout = layer.layout;
    unsigned char* start = block - layout.before_bytes;
    const ShownEdge edge = {block + misuse.distance_bytes,
                            layout.before_bytes - damage.nearest_bytes, true};
    show_found(misuse, edge);
    store_big_endian(start, size_bytes);
    store_word(start + kSizeFieldBytes, letter_word);
    memset(start + kFrontMin, layout.forbidden, layout.before_bytes - kFrontMin);
    show_expected(misuse, edge);
    guard_report(layer, misuse);
}

void report_overflow(GuardLayer& layer, unsigned char* block, size_t size_bytes) noexcept {
    const BlockLayout& layout = layer.layout;
    unsigned char* rear = block + size_bytes;
    const Damage damage = find_damage(rear, layout.after_bytes, layout.forbidden, false);
    dearth_misuse misuse = misuse_of(layer, DEARTH_MISUSE_OVERFLOW, block, size_bytes);
    misuse.access = DEARTH_ACCESS_WRITE;
    misuse.changed_bytes = damage.changed_bytes;
    misuse.distance_bytes = static_cast<int64_t>(damage.nearest_bytes);
    const ShownEdge edge = {rear + damage.nearest_bytes, layout.after_bytes - damage.nearest_bytes,
                            false};
    show_found(misuse, edge);
    memset(rear, layout.forbidden, layout.after_bytes);
    show_expected(misuse, edge);
    guard_report(layer, misuse);
}

// The word of another domain's block, intact apart from the letter.
bool is_other_domains(const GuardLayer& layer, uint64_t word, uint32_t& domain) noexcept {
    const auto letter = static_cast<unsigned char>(word);
    domain = domain_of_letter(letter);
    if (domain == DEARTH_DOMAIN_COUNT || domain == layer.domain) {
        return false;
    }
    const BlockLayout& own = layer.layout;
    const BlockLayout other = make_layout(own.before_bytes, own.after_bytes, own.clean, own.dead,
                                          own.forbidden, domain_letter(domain), own.serial_bytes);
    return word == (is_upper_letter(letter) ? aligned_letter_word(other, lead_of_aligned_word(word))
                                            : other.letter_word);
}

uint32_t differing_bytes(uint64_t left, uint64_t right) noexcept {
    uint32_t count = 0;
    for (uint64_t bits = left ^ right; bits != 0; bits >>= 8) {
        count += (bits & 0xFF) != 0 ? 1 : 0;
    }
    return count;
}

GuardedBlock refuse(GuardLayer& layer, unsigned char* block, uint32_t kind,
                    uint32_t block_domain) noexcept {
    dearth_misuse misuse = misuse_of(layer, kind, block, 0);
    misuse.block_domain = block_domain;
    guard_report(layer, misuse);
    return GuardedBlock{false, true, 0, 0, false};
}

// The letter's word is not what it should be, and nobody above vouches for the block.
GuardedBlock examine_stranger(GuardLayer& layer, unsigned char* block, uint64_t word) noexcept {
    const BlockLayout& layout = layer.layout;
    uint32_t other = DEARTH_DOMAIN_COUNT;
    if (is_other_domains(layer, word, other)) {
        return refuse(layer, block, DEARTH_MISUSE_WRONG_DOMAIN, other);
    }
    if (word == layout.dead_word) {
        return refuse(layer, block, DEARTH_MISUSE_DOUBLE_FREE, layer.domain);
    }
    const uint64_t expected = layout.letter_word;
    const size_t told = load_big_endian(block - layout.before_bytes);
    const bool is_believed = is_believable(layer, block, told);
    if (!is_believed && differing_bytes(word, expected) == sizeof(word)) {
        return refuse(layer, block, DEARTH_MISUSE_INVALID_FREE, layer.domain);
    }
    report_underflow(layer, block, expected, false, is_believed ? told : 0);
    return GuardedBlock{is_believed, true, told, layout.before_bytes, false};
}

bool is_front_intact(const GuardLayer& layer, const unsigned char* block,
                     uint64_t letter_word) noexcept {
    const BlockLayout& layout = layer.layout;
    const unsigned char* words = block - layout.before_bytes + kSizeFieldBytes;
    return load_word(words) == letter_word &&
           is_filled_with(words + kLetterWordBytes, layout.before_bytes - kFrontMin,
                          layout.forbidden);
}

bool is_lead_possible(const BlockLayout& layout, size_t lead_bytes) noexcept {
    return lead_bytes >= layout.before_bytes && lead_bytes % kUserAlignment == 0 &&
           lead_bytes / kUserAlignment <= UINT32_MAX;
}

// What the letter's word of a block should read. An aligned block's lead is in the word; when that
// is damaged, the copy behind the serial tells, if somebody knows where that is.
uint64_t expected_word(const GuardLayer& layer, const unsigned char* block, uint64_t word,
                       KnownBlock known) noexcept {
    const BlockLayout& layout = layer.layout;
    const uint64_t aligned = aligned_letter_word(layout, lead_of_aligned_word(word));
    if (word == aligned && !known.is_known) {
        return aligned;
    }
    if (!known.is_aligned) {
        return layout.letter_word;
    }
    const size_t serial_end = known.size_bytes + layout.after_bytes + layout.serial_bytes;
    const size_t copied_lead = load_big_endian(block + serial_end);
    // Any lead makes a word that reads well: one that differs from its copy is damaged itself,
    // unless somebody wrote up to there behind the block.
    const bool is_copy_right = is_lead_possible(layout, copied_lead) &&
                               (word != aligned || is_rear_intact(layer, block, known.size_bytes));
    return is_copy_right || word != aligned ? aligned_letter_word(layout, copied_lead) : aligned;
}

// What examine_block is for, with nothing taken for granted.
__attribute__((noinline, cold)) GuardedBlock examine_with_care(GuardLayer& layer,
                                                               unsigned char* block,
                                                               KnownBlock known) noexcept {
    const BlockLayout& layout = layer.layout;
    const unsigned char* start = block - layout.before_bytes;
    const uint64_t word = load_word(start + kSizeFieldBytes);
    uint64_t expected = layout.letter_word;
    GuardedBlock found = {true, false, load_big_endian(start), layout.before_bytes, false};
    if (__builtin_expect(word != expected || known.is_aligned, 0)) {
        expected = expected_word(layer, block, word, known);
        if (word != expected && !known.is_known) {
            return examine_stranger(layer, block, word);
        }
        found.is_aligned = expected != layout.letter_word;
        found.lead_bytes = found.is_aligned ? lead_of_aligned_word(expected) : layout.before_bytes;
    }
    const bool is_size_right =
        known.is_known ? found.size_bytes == known.size_bytes : found.size_bytes <= kPlausibleMax;
    if (__builtin_expect(!is_size_right || !is_front_intact(layer, block, expected), 0)) {
        found.is_usable = known.is_known || is_size_right;
        found.size_bytes = known.is_known ? known.size_bytes : found.size_bytes;
        found.is_damaged = true;
        report_underflow(layer, block, expected, known.is_known, found.size_bytes);
        if (!found.is_usable) {
            return found;  // Where the block ends is lost.
        }
    }
    if (__builtin_expect(!is_rear_intact(layer, block, found.size_bytes), 0)) {
        found.is_damaged = true;
        report_overflow(layer, block, found.size_bytes);
    }
    return found;
}

}  // namespace

void guard_report(GuardLayer& layer, dearth_misuse& misuse) noexcept {
    misuse.domain = layer.domain;
    report_misuse(misuse);
    if (layer.aborts_on_misuse) {
        abort();
    }
}

GuardedBlock examine_block(GuardLayer& layer, unsigned char* block, KnownBlock known) noexcept {
    size_t size_bytes = 0;
    if (is_plainly_intact(layer.layout, block, known, size_bytes)) {
        return GuardedBlock{true, false, size_bytes, layer.layout.before_bytes, false};
    }
    return examine_with_care(layer, block, known);
}

}  // namespace dearth::hooks
