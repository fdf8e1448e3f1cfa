// Word tables of the schedule's text form and the search for near misses.
// Source of the distance: optimal string alignment, the restricted form of F. Damerau's "A
// technique for computer detection and correction of spelling errors", CACM 7(3), 1964.
#include "hooks/schedule/schedule_words.h"

namespace dearth::hooks {

namespace {

constexpr const char* kOps[] = {"malloc", "calloc", "realloc", "shrink", "aligned", "arena"};
constexpr const char* kDomains[] = {"raw", "mem", "obj"};
constexpr const char* kPhases[] = {"open", "run", "close", "check", "warmup"};
constexpr const char* kKinds[] = {"once", "burst", "persistent", "sticky"};
constexpr const char* kActions[] = {"fail", "corrupt-front", "corrupt-rear", "move", "fill"};

static_assert(sizeof kOps / sizeof *kOps == DEARTH_OP_COUNT);
static_assert(sizeof kPhases / sizeof *kPhases == DEARTH_PHASE_COUNT);
static_assert(DEARTH_PHASE_CLOSE == 2 && DEARTH_PHASE_CHECK == 3, "injectable phases come first");

using enum FieldGroup;
using enum FieldValue;

// In the order of enum Field; groups are contiguous.
constexpr FieldRow kFields[] = {
    {"all", kSelector, kNone, "all"},
    {"nth", kSelector, kRequired, "nth=17, nth=3,17,40, nth=17..40, nth=17.."},
    {"every", kSelector, kRequired, "every=7"},
    {"probability", kSelector, kRequired, "probability=0.5%, probability=0.005"},
    {"budget", kSelector, kRequired, "budget=1MiB"},
    {"once", kKind, kNone, "once"},
    {"burst", kKind, kRequired, "burst=3"},
    {"persistent", kKind, kNone, "persistent"},
    {"sticky", kKind, kNone, "sticky"},
    {"fail", kAction, kNone, "fail"},
    {"corrupt-front", kAction, kOptional, "corrupt-front, corrupt-front=4, corrupt-front=4@2"},
    {"corrupt-rear", kAction, kOptional, "corrupt-rear, corrupt-rear=4, corrupt-rear=4@2"},
    {"move", kAction, kNone, "move"},
    {"fill", kAction, kRequired, "fill=0xAB, fill=171"},
    {"op", kFilter, kRequired, "op=malloc,realloc"},
    {"domain", kFilter, kRequired, "domain=mem,obj"},
    {"phase", kFilter, kRequired, "phase=run"},
    {"size", kFilter, kRequired, "size>=4KiB, size<=1MiB, size=64B"},
    {"align", kFilter, kRequired, "align>=64"},
    {"thread", kFilter, kRequired, "thread=2"},
    {"site", kFilter, kRequired, "site=0123abcd"},
    {"stack", kFilter, kRequired, "stack=lua_*"},
    {"module", kFilter, kRequired, "module=libfoo*"},
    {"seed", kModifier, kRequired, "seed=42"},
    {"after", kModifier, kRequired, "after=10"},
    {"times", kModifier, kRequired, "times=3"},
};

constexpr uint32_t kFieldCount = static_cast<uint32_t>(Field::kCount);
static_assert(sizeof kFields / sizeof *kFields == kFieldCount);

struct FieldWords {
    const char* words[kFieldCount];
    constexpr FieldWords() noexcept : words{} {
        for (uint32_t index = 0; index < kFieldCount; ++index) {
            words[index] = kFields[index].word;
        }
    }
};
constexpr FieldWords kFieldWords;

template <uint32_t kLength>
constexpr WordList list_of(const char* const (&words)[kLength]) noexcept {
    return WordList{words, kLength};
}

const char* word_at(WordList list, uint32_t index) noexcept {
    return index < list.count ? list.words[index] : nullptr;
}

constexpr char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// No word of ours is longer, and no longer text is near one.
constexpr uint32_t kLongestNearWord = 16;

uint32_t least(uint32_t left, uint32_t right) noexcept {
    return left < right ? left : right;
}

uint32_t distance_between(TextView left, TextView right) noexcept {
    uint32_t rows[kLongestNearWord + 1][kLongestNearWord + 1] = {};
    for (uint32_t i = 0; i <= left.length; ++i) {
        for (uint32_t j = 0; j <= right.length; ++j) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            const char a = lower(left.data[i - 1]);
            const char b = lower(right.data[j - 1]);
            rows[i][j] = least(least(rows[i - 1][j] + 1, rows[i][j - 1] + 1),
                               rows[i - 1][j - 1] + (a == b ? 0 : 1));
            if (i > 1 && j > 1 && a == lower(right.data[j - 2]) && lower(left.data[i - 2]) == b) {
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
            }
        }
    }
    return rows[left.length][right.length];
}

}  // namespace

TextView view_of(const char* text) noexcept {
    size_t length = 0;
    while (text[length] != '\0') {
        ++length;
    }
    return TextView{text, length};
}

bool is_same_text(TextView left, TextView right) noexcept {
    if (left.length != right.length) {
        return false;
    }
    for (size_t index = 0; index < left.length; ++index) {
        if (left.data[index] != right.data[index]) {
            return false;
        }
    }
    return true;
}

const FieldRow& field_row(Field field) noexcept {
    return kFields[static_cast<uint32_t>(field)];
}

WordList op_words() noexcept {
    return list_of(kOps);
}
WordList domain_words() noexcept {
    return list_of(kDomains);
}
WordList phase_words() noexcept {
    return WordList{kPhases, DEARTH_PHASE_CLOSE + 1};
}
WordList field_words() noexcept {
    return list_of(kFieldWords.words);
}

WordList field_words(FieldGroup group) noexcept {
    uint32_t first = 0;
    while (kFields[first].group != group) {
        ++first;
    }
    uint32_t end = first;
    while (end < kFieldCount && kFields[end].group == group) {
        ++end;
    }
    return WordList{kFieldWords.words + first, end - first};
}

uint32_t find_word(WordList list, TextView word) noexcept {
    for (uint32_t index = 0; index < list.count; ++index) {
        if (is_same_text(view_of(list.words[index]), word)) {
            return index;
        }
    }
    return kNoWord;
}

uint32_t find_near_word(WordList list, TextView word) noexcept {
    if (word.length > kLongestNearWord || word.length == 0) {
        return kNoWord;
    }
    uint32_t nearest = kNoWord;
    uint32_t least_penalty = UINT32_MAX;
    for (uint32_t index = 0; index < list.count; ++index) {
        const TextView candidate = view_of(list.words[index]);
        const uint32_t distance = distance_between(candidate, word);
        // In a short word two changes leave nothing of it.
        const uint32_t most = candidate.length <= 3 || word.length <= 3 ? 1 : 2;
        // Among equals, people rarely get the first letter wrong: MB means MiB, not B.
        const bool is_other_start = lower(candidate.data[0]) != lower(word.data[0]);
        const uint32_t penalty = 2 * distance + (is_other_start ? 1 : 0);
        if (distance <= most && penalty < least_penalty) {
            nearest = index;
            least_penalty = penalty;
        }
    }
    return nearest;
}

}  // namespace dearth::hooks

using namespace dearth::hooks;

const char* dearth_op_name(uint32_t op) {
    return word_at(list_of(kOps), op);
}
const char* dearth_domain_name(uint32_t domain) {
    return word_at(list_of(kDomains), domain);
}
const char* dearth_phase_name(uint32_t phase) {
    return word_at(list_of(kPhases), phase);
}
const char* dearth_kind_name(uint32_t kind) {
    return word_at(list_of(kKinds), kind);
}
const char* dearth_action_name(uint32_t action) {
    return word_at(list_of(kActions), action);
}
