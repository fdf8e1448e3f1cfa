// Fields of DEARTH_GUARD, one row each; tokens and messages are those of schedules.
#include "hooks/agent/standalone_options.h"

#include "dearth/guard.h"
#include "hooks/schedule/schedule_reader.h"

namespace dearth::hooks {

namespace {

constexpr uint64_t kQuarantineUsual = UINT64_C(16) << 20;

enum Mode : uint32_t { kBytes, kPageRear, kPageFront, kOff, kModeCount };
constexpr const char* kModes[kModeCount] = {"bytes", "page-rear", "page-front", "off"};
constexpr WordList kModeWords = {kModes, kModeCount};
constexpr const char* kAnswers[] = {"no", "yes"};
constexpr WordList kAnswerWords = {kAnswers, 2};
constexpr const char* kLeaks[] = {"no", "lost", "all"};  // in the order of LeakReports
constexpr WordList kLeakWords = {kLeaks, 3};

enum Key : uint32_t {
    kLeakReports,
    kBefore,
    kAfter,
    kAlign,
    kSample,
    kQuarantine,
    kStacks,
    kStop,
    kExit,
    kKeyCount
};
constexpr const char* kKeys[kKeyCount] = {"leaks",      "before", "after", "align", "sample",
                                          "quarantine", "stacks", "stop",  "exit"};
constexpr WordList kKeyWords = {kKeys, kKeyCount};
constexpr const char* kExamples[kKeyCount] = {"leaks=no, leaks=lost, leaks=all",
                                              "before=16, before=64",
                                              "after=8, after=64",
                                              "align=1, align=2, align=4, align=8, align=16",
                                              "sample=1000",
                                              "quarantine=16MiB, quarantine=0",
                                              "stacks=yes, stacks=no",
                                              "stop=yes, stop=no",
                                              "exit=86"};

FieldRow row_of(uint32_t key) noexcept {
    return FieldRow{kKeys[key], FieldGroup::kModifier, FieldValue::kRequired, kExamples[key]};
}

bool read_number(ScheduleReader& reader, Key key, uint64_t least, uint64_t most,
                 uint32_t& value) noexcept {
    uint64_t number = 0;
    if (!reader.read_number(row_of(key), least, most, number)) {
        return false;
    }
    value = static_cast<uint32_t>(number);
    return true;
}

bool read_multiple(ScheduleReader& reader, uint32_t& value) noexcept {
    const size_t begin = reader.next_offset();
    if (!read_number(reader, kBefore, 16, 4096, value)) {
        return false;
    }
    return value % 16 == 0 || reader.fail_value(row_of(kBefore), begin, "no multiple of 16");
}

bool read_alignment(ScheduleReader& reader, uint32_t& value) noexcept {
    const size_t begin = reader.next_offset();
    if (!read_number(reader, kAlign, 1, 16, value)) {
        return false;
    }
    return (value & (value - 1)) == 0 ||
           reader.fail_value(row_of(kAlign), begin, "no power of two");
}

bool read_choice(ScheduleReader& reader, Key key, WordList choices, uint32_t& index) noexcept {
    const size_t begin = reader.next_offset();
    const TextView word = reader.read_word();
    index = find_word(choices, word);
    return index != kNoWord ||
           reader.fail_unknown(begin, kKeys[key], "unknown answer ", word, choices);
}

bool read_answer(ScheduleReader& reader, Key key, bool& is_yes) noexcept {
    uint32_t index = 0;
    const bool is_read = read_choice(reader, key, kAnswerWords, index);
    is_yes = index == 1;
    return is_read;
}

bool read_leaks(ScheduleReader& reader, LeakReports& leaks) noexcept {
    uint32_t index = 0;
    const bool is_read = read_choice(reader, kLeakReports, kLeakWords, index);
    leaks = is_read ? static_cast<LeakReports>(index) : LeakReports::kNo;
    return is_read;
}

bool read_quarantine(ScheduleReader& reader, dearth_layer_options& layers) noexcept {
    if (!reader.read_bytes(row_of(kQuarantine), 0, layers.quarantine_bytes)) {
        return false;
    }
    const bool is_off = layers.quarantine_bytes == 0;
    layers.layers = is_off ? layers.layers & ~static_cast<uint32_t>(DEARTH_LAYER_QUARANTINE)
                           : layers.layers | DEARTH_LAYER_QUARANTINE;
    layers.page_guard_held_bytes = layers.quarantine_bytes;
    return true;
}

bool read_stacks(ScheduleReader& reader, dearth_layer_options& layers) noexcept {
    constexpr uint32_t kBoth = DEARTH_LAYER_STACKS | DEARTH_LAYER_FREE_STACKS;
    bool is_yes = false;
    if (!read_answer(reader, kStacks, is_yes)) {
        return false;
    }
    layers.layers = is_yes ? layers.layers | kBoth : layers.layers & ~kBoth;
    return true;
}

bool read_stop(ScheduleReader& reader, dearth_layer_options& layers) noexcept {
    bool is_yes = false;
    const bool is_read = read_answer(reader, kStop, is_yes);
    layers.aborts_on_misuse = is_yes ? 1 : 0;
    return is_read;
}

bool read_exit(ScheduleReader& reader, StandaloneOptions& options) noexcept {
    uint32_t status = 0;
    const bool is_read = read_number(reader, kExit, 1, 255, status);
    options.exit_status = static_cast<int>(status);
    return is_read;
}

bool read_value(ScheduleReader& reader, uint32_t key, StandaloneOptions& options) noexcept {
    dearth_layer_options& layers = options.layers;
    switch (key) {
        case kLeakReports:
            return read_leaks(reader, options.leaks);
        case kBefore:
            return read_multiple(reader, layers.guard_before_bytes);
        case kAfter:
            return read_number(reader, kAfter, 8, 4096, layers.guard_after_bytes);
        case kAlign:
            return read_alignment(reader, layers.page_guard_alignment);
        case kSample:
            return read_number(reader, kSample, 1, UINT32_MAX, layers.page_guard_every);
        case kQuarantine:
            return read_quarantine(reader, layers);
        case kStacks:
            return read_stacks(reader, layers);
        case kStop:
            return read_stop(reader, layers);
        default:
            return read_exit(reader, options);
    }
}

bool read_mode(ScheduleReader& reader, dearth_layer_options& layers) noexcept {
    const size_t begin = reader.next_offset();
    const TextView word = reader.read_word();
    const uint32_t mode = find_word(kModeWords, word);
    if (mode == kNoWord) {
        return reader.fail_unknown(begin, "", "unknown guard ", word, kModeWords);
    }
    if (mode == kOff) {
        layers.layers = DEARTH_LAYER_FAULT;
    } else if (mode != kBytes) {
        layers.layers |= DEARTH_LAYER_PAGE_GUARD;
        layers.page_guard_side = mode == kPageFront ? DEARTH_SIDE_FRONT : DEARTH_SIDE_REAR;
    }
    return true;
}

bool read_field(ScheduleReader& reader, StandaloneOptions& options) noexcept {
    const size_t begin = reader.next_offset();
    const TextView word = reader.read_word();
    const uint32_t key = find_word(kKeyWords, word);
    if (key == kNoWord) {
        return reader.fail_unknown(begin, "", "unknown option ", word, kKeyWords);
    }
    const size_t place = reader.next_offset();
    if (!reader.accept("=")) {
        return reader.fail_value(row_of(key), place, "expected '=', found ",
                                 ScheduleReader::WordAt{place});
    }
    return read_value(reader, key, options);
}

bool read_all(ScheduleReader& reader, StandaloneOptions& options) noexcept {
    if (!read_mode(reader, options.layers)) {
        return false;
    }
    while (!reader.is_at_end()) {
        const size_t place = reader.next_offset();
        if (!reader.accept(";")) {
            return reader.fail(place, "expected ';', found ", ScheduleReader::WordAt{place});
        }
        if (!reader.is_at_end() && !read_field(reader, options)) {
            return false;
        }
    }
    return true;
}

}  // namespace

void default_standalone_options(StandaloneOptions& options) noexcept {
    options = {};
    options.layers.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD;
    options.layers.guard_before_bytes = 16;
    options.layers.guard_after_bytes = 16;
    options.layers.clean_byte = DEARTH_CLEAN_BYTE;
    options.layers.dead_byte = DEARTH_DEAD_BYTE;
    options.layers.forbidden_byte = DEARTH_FORBIDDEN_BYTE;
}

bool parse_standalone_options(const char* text, StandaloneOptions& options, char* error,
                              size_t error_bytes, size_t& offset) noexcept {
    default_standalone_options(options);
    options.layers.layers |=
        DEARTH_LAYER_QUARANTINE | DEARTH_LAYER_STACKS | DEARTH_LAYER_FREE_STACKS;
    options.layers.quarantine_bytes = kQuarantineUsual;
    ScheduleReader reader(text, error, error_bytes);
    const bool is_read = read_all(reader, options);
    offset = reader.error_offset();
    return is_read;
}

}  // namespace dearth::hooks
