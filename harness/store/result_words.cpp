// One table a type; the hooks' words are looked up in the hooks.
#include "harness/store/result_words.h"

#include <array>
#include <charconv>
#include <utility>

#include "dearth/allocator.h"
#include "dearth/schedule.h"

namespace dearth::harness {
namespace {

template <typename T, size_t kCount>
using Words = std::array<std::pair<T, std::string_view>, kCount>;

constexpr Words<Engine, 3> kEngines = {{
    {Engine::kLua, "lua"},
    {Engine::kPython, "python"},
    {Engine::kCApi, "c-api"},
}};

constexpr Words<Disposition, 3> kDispositions = {{
    {Disposition::kFails, "fails"},
    {Disposition::kWarns, "warns"},
    {Disposition::kKnown, "known"},
}};

template <typename T, size_t kCount>
std::string_view word_of(const Words<T, kCount>& words, T value) {
    for (const auto& [known, word] : words) {
        if (known == value)
            return word;
    }
    return {};
}

template <typename T, size_t kCount>
std::optional<T> value_of(const Words<T, kCount>& words, std::string_view word) {
    for (const auto& [value, known] : words) {
        if (known == word)
            return value;
    }
    return std::nullopt;
}

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

std::string_view engine_word(Engine engine) {
    return word_of(kEngines, engine);
}
std::optional<Engine> engine_from_word(std::string_view word) {
    return value_of(kEngines, word);
}

std::optional<Strategy> strategy_from_word(std::string_view word) {
    for (const Strategy strategy : {Strategy::kExec, Strategy::kFork}) {
        if (strategy_name(strategy) == word)
            return strategy;
    }
    return std::nullopt;
}

std::string_view disposition_word(Disposition disposition) {
    return word_of(kDispositions, disposition);
}
std::optional<Disposition> disposition_from_word(std::string_view word) {
    return value_of(kDispositions, word);
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
