// Schedule to its canonical text form: selector and kind always, everything else only where it
// differs from dearth_term_default, in a fixed order. No allocation, no stdio, no locale.
#include "hooks/schedule/schedule_decision.h"
#include "hooks/schedule/schedule_words.h"
#include "hooks/schedule/text_writer.h"

namespace dearth::hooks {

namespace {

// The largest unit that divides the size, so that nothing is lost.
void put_bytes(TextWriter& writer, uint64_t bytes) noexcept {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
    uint32_t unit = 0;
    while (unit < 3 && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        ++unit;
    }
    writer.put(bytes);
    writer.put(kUnits[unit]);
}

void put_probability(TextWriter& writer, uint64_t parts_per_billion) noexcept {
    uint64_t unit = kProbabilityParts / 100;
    writer.put(parts_per_billion / unit);
    uint64_t rest = parts_per_billion % unit;
    if (rest != 0) {
        writer.put('.');
    }
    while (rest != 0) {
        unit /= 10;
        writer.put(rest / unit);
        rest %= unit;
    }
    writer.put('%');
}

void put_selector(TextWriter& writer, const dearth_term& term) noexcept {
    switch (term.selector) {
        case DEARTH_SELECT_RANGE:
            writer.put("nth=");
            writer.put(term.first);
            if (term.last != term.first) {
                writer.put("..");
            }
            if (term.last != term.first && term.last != UINT64_MAX) {
                writer.put(term.last);
            }
            break;
        case DEARTH_SELECT_LIST:
            for (uint32_t index = 0; index < term.list_count && index < DEARTH_LIST_MAX; ++index) {
                writer.put(index == 0 ? "nth=" : ",");
                writer.put(term.list[index]);
            }
            break;
        case DEARTH_SELECT_EVERY:
            writer.put("every=");
            writer.put(term.first);
            break;
        case DEARTH_SELECT_PROBABILITY:
            writer.put("probability=");
            put_probability(writer, term.probability_ppb);
            break;
        case DEARTH_SELECT_BUDGET:
            writer.put("budget=");
            put_bytes(writer, term.budget_bytes);
            break;
        default:
            writer.put("all");
    }
}

void put_action(TextWriter& writer, const dearth_term& term) noexcept {
    const char* name = dearth_action_name(term.action);
    if (name == nullptr || term.action == DEARTH_ACTION_FAIL) {
        return;
    }
    writer.put(';');
    writer.put(name);
    if (term.action == DEARTH_ACTION_FILL) {
        writer.put("=0x");
        writer.put_digits(term.fill_byte, 16, 2);
    } else if (term.action != DEARTH_ACTION_MOVE &&
               (term.corrupt_bytes != 1 || term.corrupt_offset != 0)) {
        writer.put('=');
        writer.put(uint64_t{term.corrupt_bytes});
        if (term.corrupt_offset != 0) {
            writer.put('@');
            writer.put(uint64_t{term.corrupt_offset});
        }
    }
}

class FilterWriter {
public:
    FilterWriter(TextWriter& writer, const char* prefix) noexcept
        : writer_(writer), prefix_(prefix) {}

    void put(const dearth_filter& filter) noexcept {
        put_mask("op=", op_words(), filter.op_mask);
        put_mask("domain=", domain_words(), filter.domain_mask);
        put_mask("phase=", phase_words(), filter.phase_mask);
        if (filter.size_min_bytes == filter.size_max_bytes) {
            put_bytes_unless_zero("size=", filter.size_min_bytes);
        } else {
            put_bytes_unless_zero("size>=", filter.size_min_bytes);
            put_bytes_unless_zero("size<=", filter.size_max_bytes);
        }
        put_bytes_unless_zero("align>=", filter.align_min_bytes);
        if (filter.thread != 0) {
            open("thread=");
            writer_.put(uint64_t{filter.thread});
        }
        if (filter.site != 0) {
            open("site=");
            writer_.put_digits(filter.site, 16, 16);
        }
        put_pattern("stack=", filter.stack);
        put_pattern("module=", filter.module);
    }

private:
    void open(const char* field) noexcept {
        writer_.put(';');
        writer_.put(prefix_);
        writer_.put(field);
    }

    void put_mask(const char* field, WordList words, uint32_t mask) noexcept {
        bool is_first = true;
        for (uint32_t index = 0; index < words.count; ++index) {
            if (!has_bit(mask, index)) {
                continue;
            }
            if (is_first) {
                open(field);
            } else {
                writer_.put(',');
            }
            is_first = false;
            writer_.put(words.words[index]);
        }
    }

    void put_bytes_unless_zero(const char* field, uint64_t bytes) noexcept {
        if (bytes != 0) {
            open(field);
            put_bytes(writer_, bytes);
        }
    }

    void put_pattern(const char* field, const char (&pattern)[DEARTH_PATTERN_BYTES]) noexcept {
        if (pattern[0] == '\0') {
            return;
        }
        open(field);
        for (size_t index = 0; index < DEARTH_PATTERN_BYTES && pattern[index] != '\0'; ++index) {
            writer_.put(pattern[index]);
        }
    }

    TextWriter& writer_;
    const char* prefix_;
};

void put_number_unless_zero(TextWriter& writer, const char* field, uint64_t number) noexcept {
    if (number != 0) {
        writer.put(field);
        writer.put(number);
    }
}

void put_term(TextWriter& writer, const dearth_term& term) noexcept {
    put_selector(writer, term);
    const char* kind = dearth_kind_name(term.kind);
    writer.put(';');
    writer.put(kind == nullptr ? dearth_kind_name(DEARTH_KIND_ONCE) : kind);
    if (term.kind == DEARTH_KIND_BURST) {
        writer.put('=');
        writer.put(uint64_t{term.burst});
    }
    put_action(writer, term);
    FilterWriter(writer, "").put(term.when);
    FilterWriter(writer, "unless-").put(term.unless);
    put_number_unless_zero(writer, ";seed=", term.seed);
    put_number_unless_zero(writer, ";after=", term.after);
    put_number_unless_zero(writer, ";times=", term.times);
}

}  // namespace

}  // namespace dearth::hooks

using namespace dearth::hooks;

size_t dearth_schedule_format(const struct dearth_schedule* schedule, char* text,
                              size_t text_bytes) {
    TextWriter writer(text, text == nullptr ? 0 : text_bytes);
    for (uint32_t index = 0; index < schedule->term_count && index < DEARTH_TERMS_MAX; ++index) {
        if (index != 0) {
            writer.put(" | ");
        }
        put_term(writer, schedule->terms[index]);
    }
    return writer.length();
}
