// The hooks' words are looked up in the hooks, so there is no second list of them here.
#include "harness/store/result_words.h"

#include <charconv>

#include "dearth/allocator.h"
#include "dearth/schedule.h"

namespace dearth::harness {
namespace {

using NameOf = const char* (*)(uint32_t);

std::string hook_word(NameOf name_of, uint32_t value) {
    const char* name = name_of(value);
    return name != nullptr ? name : std::to_string(value);
}

std::optional<uint32_t> hook_value(NameOf name_of, uint32_t count, std::string_view word) {
    for (uint32_t value = 0; value < count; ++value) {
        const char* name = name_of(value);
        if (name != nullptr && word == name)
            return value;
    }
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size())
        return std::nullopt;
    return number;
}

}  // namespace

std::optional<Strategy> strategy_from_word(std::string_view word) {
    for (const Strategy strategy : {Strategy::kExec, Strategy::kFork}) {
        if (strategy_name(strategy) == word)
            return strategy;
    }
    return std::nullopt;
}

std::string phase_word(uint32_t phase) {
    return hook_word(dearth_phase_name, phase);
}
std::string op_word(uint32_t op) {
    return hook_word(dearth_op_name, op);
}
std::string domain_word(uint32_t domain) {
    return hook_word(dearth_domain_name, domain);
}

std::optional<uint32_t> phase_from_word(std::string_view word) {
    return hook_value(dearth_phase_name, DEARTH_PHASE_COUNT, word);
}
std::optional<uint32_t> op_from_word(std::string_view word) {
    return hook_value(dearth_op_name, DEARTH_OP_COUNT, word);
}
std::optional<uint32_t> domain_from_word(std::string_view word) {
    return hook_value(dearth_domain_name, DEARTH_DOMAIN_COUNT, word);
}

std::string tags_text(const std::vector<std::string>& tags) {
    std::string text;
    for (const std::string& tag : tags)
        text += tag + '\n';
    return text;
}

std::vector<std::string> tags_from_text(std::string_view text) {
    std::vector<std::string> tags;
    while (!text.empty()) {
        const size_t length = text.find('\n');
        tags.emplace_back(text.substr(0, length));
        text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
    }
    return tags;
}

}  // namespace dearth::harness
