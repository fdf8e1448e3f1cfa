// One table a type.
#include "harness/model/run_facts.h"

#include <array>
#include <utility>

namespace dearth::harness {
namespace {

template <typename T, size_t kCount>
using Words = std::array<std::pair<T, std::string_view>, kCount>;

constexpr Words<Engine, 4> kEngines = {{
    {Engine::kLua, "lua"},
    {Engine::kPython, "python"},
    {Engine::kCApi, "c-api"},
    {Engine::kExec, "exec"},
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

}  // namespace

std::string_view engine_word(Engine engine) {
    return word_of(kEngines, engine);
}
std::optional<Engine> engine_from_word(std::string_view word) {
    return value_of(kEngines, word);
}

std::string_view disposition_word(Disposition disposition) {
    return word_of(kDispositions, disposition);
}
std::optional<Disposition> disposition_from_word(std::string_view word) {
    return value_of(kDispositions, word);
}

}  // namespace dearth::harness
