// The words of a schedule's text form: one table per list, for the parser, the formatter and the
// messages alike. No allocation, no locale.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/schedule.h"

namespace dearth::hooks {

// A piece of somebody else's text.
struct TextView {
    const char* data;
    size_t length;
};

TextView view_of(const char* text) noexcept;
bool is_same_text(TextView left, TextView right) noexcept;

enum class Field : uint32_t {
    kAll,
    kNth,
    kEvery,
    kProbability,
    kBudget,
    kOnce,
    kBurst,
    kPersistent,
    kSticky,
    kFail,
    kCorruptFront,
    kCorruptRear,
    kMove,
    kFill,
    kOp,
    kDomain,
    kPhase,
    kSize,
    kAlign,
    kThread,
    kSite,
    kStack,
    kModule,
    kSeed,
    kAfter,
    kTimes,
    kCount
};

// A term has at most one field of each of the first three groups.
enum class FieldGroup : uint32_t { kSelector, kKind, kAction, kFilter, kModifier };

enum class FieldValue : uint32_t { kNone, kOptional, kRequired };

struct FieldRow {
    const char* word;
    FieldGroup group;
    FieldValue value;
    const char* examples;  // what may be written, for messages
};

const FieldRow& field_row(Field field) noexcept;

// Rows of a field that lists words, as `op` does. Word i has bit i in the filter's mask.
struct WordList {
    const char* const* words;
    uint32_t count;
};

WordList op_words() noexcept;
WordList domain_words() noexcept;
// Only the phases that are ever injected.
WordList phase_words() noexcept;
WordList field_words() noexcept;
WordList field_words(FieldGroup group) noexcept;

inline constexpr uint32_t kNoWord = UINT32_MAX;

uint32_t find_word(WordList list, TextView word) noexcept;

// The word of the list that a misspelt word was most likely meant to be, or kNoWord. Counts
// insertions, deletions, replacements and swaps of neighbours, without regard to case.
uint32_t find_near_word(WordList list, TextView word) noexcept;

}  // namespace dearth::hooks
