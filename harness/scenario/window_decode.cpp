// `ops`, `when` and `unless` to filters. A filter excludes what matches *all* its fields, so
// `stack: { reject: ... }`, which lives in `unless`, can share it with no other field; a lone list
// of words moves over to `when` as its complement, anything else is refused.
#include "harness/scenario/window_decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "dearth/allocator.h"
#include "harness/base/text.h"
#include "harness/scenario/scenario_values.h"

namespace dearth::harness {
namespace {

using WordOf = const char* (*)(uint32_t);

constexpr uint32_t kDefaultOps = (1u << DEARTH_OP_MALLOC) | (1u << DEARTH_OP_CALLOC) |
                                 (1u << DEARTH_OP_REALLOC) | (1u << DEARTH_OP_ALIGNED);
constexpr uint32_t kAllDomains = (1u << DEARTH_DOMAIN_COUNT) - 1;

uint32_t mask_of(const YamlNode& map, std::string_view key, WordOf word_of, uint32_t count) {
    uint32_t mask = 0;
    for (const YamlNode* node : map.scalars(key)) {
        for (uint32_t value = 0; value < count; ++value) {
            if (node->text == word_of(value)) {
                mask |= 1u << value;
            }
        }
    }
    return mask;
}

class FilterDecoder {
public:
    FilterDecoder(const YamlNode& fields, bool is_unless, DiagnosticSink& sink)
        : fields_(fields), is_unless_(is_unless), sink_(sink) {}

    // Leaves alone what the fields do not name. `reject` gets the pattern that must not be there.
    void decode(dearth_filter& filter, const YamlNode*& reject);

private:
    void decode_numbers(dearth_filter& filter);
    void decode_stack(dearth_filter& filter, const YamlNode*& reject);
    void refuse_empty(std::string_view key);
    const YamlNode* single(const YamlNode& map, std::string_view key);

    const YamlNode& fields_;
    bool is_unless_;
    DiagnosticSink& sink_;
};

void copy_pattern(char (&target)[DEARTH_PATTERN_BYTES], const YamlNode& node) {
    const size_t length = std::min<size_t>(node.text.size(), DEARTH_PATTERN_BYTES - 1);
    std::memcpy(target, node.text.data(), length);
    target[length] = '\0';
}

void FilterDecoder::decode(dearth_filter& filter, const YamlNode*& reject) {
    for (const std::string_view key : {"op", "domain", "phase"}) {
        refuse_empty(key);
    }
    if (const uint32_t mask = mask_of(fields_, "op", dearth_op_name, DEARTH_OP_COUNT)) {
        filter.op_mask = mask;
    }
    if (const uint32_t mask = mask_of(fields_, "domain", dearth_domain_name, DEARTH_DOMAIN_COUNT)) {
        filter.domain_mask = mask;
    }
    if (const uint32_t mask = mask_of(fields_, "phase", dearth_phase_name, DEARTH_PHASE_COUNT)) {
        filter.phase_mask = mask;
    }
    decode_numbers(filter);
    if (const YamlNode* module = fields_.scalar("module")) {
        copy_pattern(filter.module, *module);
    }
    decode_stack(filter, reject);
}

void FilterDecoder::refuse_empty(std::string_view key) {
    const YamlNode* node = fields_.find(key);
    if (node != nullptr && node->is_list() && node->items.empty()) {
        sink_.report(node->place, "bad-value", fmt::format("`{}` names none", key),
                     "leave it out for any");
    }
}

void FilterDecoder::decode_numbers(dearth_filter& filter) {
    if (const YamlNode* size = fields_.scalar("size")) {
        if (const auto range = size_filter_from_text(size->text)) {
            filter.size_min_bytes = range->first;
            filter.size_max_bytes = range->last == UINT64_MAX ? 0 : range->last;
        }
    }
    if (const YamlNode* align = fields_.scalar("align")) {
        filter.align_min_bytes = align_filter_from_text(align->text).value_or(0);
    }
    if (const YamlNode* thread = fields_.scalar("thread")) {
        const uint64_t number = whole_number_from_text(thread->text).value_or(0);
        filter.thread = static_cast<uint32_t>(std::min<uint64_t>(number, UINT32_MAX));
    }
}

const YamlNode* FilterDecoder::single(const YamlNode& map, std::string_view key) {
    const std::vector<const YamlNode*> patterns = map.scalars(key);
    if (patterns.size() > 1) {
        sink_.report(patterns[1]->place, "not-in-this-version",
                     fmt::format("`{}` takes one pattern in this version", key),
                     "use `*` and `?`, or one case for each");
    }
    return patterns.empty() ? nullptr : patterns.front();
}

void FilterDecoder::decode_stack(dearth_filter& filter, const YamlNode*& reject) {
    const YamlEntry* caller = fields_.find_entry("caller");
    const YamlNode* stack = fields_.find("stack");
    const YamlNode* require = stack != nullptr ? single(*stack, "require") : nullptr;
    reject = stack != nullptr ? single(*stack, "reject") : nullptr;
    if (caller != nullptr && require != nullptr) {
        sink_.report(caller->key_place, "conflict",
                     "`caller` is short for `stack: { require: ... }`", "keep one");
    }
    if (require == nullptr) {
        require = fields_.scalar("caller");
    }
    if (require != nullptr) {
        copy_pattern(filter.stack, *require);
    }
    if (is_unless_ && reject != nullptr) {
        sink_.report(stack->find_entry("reject")->key_place, "conflict",
                     "`reject` in `unless` would say no twice",
                     "write `require` in `when` instead");
        reject = nullptr;
    }
}

// Takes a lone word list out of `unless` by narrowing `when`. False: it holds something else.
bool move_to_when(dearth_filter& when, dearth_filter& unless) {
    dearth_filter rest = unless;
    rest.op_mask = rest.domain_mask = rest.phase_mask = 0;
    const dearth_filter nothing = {};
    const int lists = (unless.op_mask != 0) + (unless.domain_mask != 0) + (unless.phase_mask != 0);
    if (lists > 1 || std::memcmp(&rest, &nothing, sizeof rest) != 0) {
        return false;
    }
    if (unless.op_mask != 0) {
        when.op_mask = (when.op_mask == 0 ? kDefaultOps : when.op_mask) & ~unless.op_mask;
    }
    if (unless.domain_mask != 0) {
        when.domain_mask =
            (when.domain_mask == 0 ? kAllDomains : when.domain_mask) & ~unless.domain_mask;
    }
    when.phase_mask &= ~unless.phase_mask;
    unless = {};
    return true;
}

// A window that no request can pass is a slip, not a wish.
bool leaves_nothing(const dearth_filter& when, const dearth_filter& unless) {
    dearth_filter probe = when;
    dearth_filter excluded = unless;
    const int lists = (unless.op_mask != 0) + (unless.domain_mask != 0) + (unless.phase_mask != 0);
    if (lists == 0) {
        return false;
    }
    return move_to_when(probe, excluded) &&
           ((unless.op_mask != 0 && probe.op_mask == 0) ||
            (unless.domain_mask != 0 && probe.domain_mask == 0) || probe.phase_mask == 0);
}

}  // namespace

void decode_window(const YamlNode& inject, dearth_filter& when, dearth_filter& unless,
                   DiagnosticSink& sink) {
    static const YamlNode kNoFields;
    const YamlNode* when_fields = inject.find("when");
    const YamlNode* unless_fields = inject.find("unless");
    const YamlNode* reject = nullptr;
    const YamlNode* no_reject = nullptr;
    FilterDecoder(when_fields != nullptr ? *when_fields : kNoFields, false, sink)
        .decode(when, reject);
    FilterDecoder(unless_fields != nullptr ? *unless_fields : kNoFields, true, sink)
        .decode(unless, no_reject);

    if (const YamlEntry* ops = inject.find_entry("ops")) {
        const uint32_t mask = mask_of(inject, "ops", dearth_op_name, DEARTH_OP_COUNT);
        if (when_fields != nullptr && when_fields->find("op") != nullptr) {
            sink.report(ops->key_place, "conflict", "`ops` is short for `when: { op: ... }`",
                        "keep one");
        } else if (ops->value.is_list() && ops->value.items.empty()) {
            sink.report(ops->value.place, "bad-value", "`ops` names none", "leave it out for any");
        } else {
            when.op_mask = mask;
        }
    }
    if (leaves_nothing(when, unless)) {
        sink.report(inject.find_entry("unless")->key_place, "conflict",
                    "`unless` leaves nothing of the window", "no request could fail");
    }
    if (reject != nullptr) {
        if (!move_to_when(when, unless)) {
            sink.report(reject->place, "conflict",
                        "`reject` cannot stand beside these fields of `unless`",
                        "only beside one list of op, domain or phase");
        }
        copy_pattern(unless.stack, *reject);
    }
}

}  // namespace dearth::harness
