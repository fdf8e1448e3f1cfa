// The words of the results file for things that are numbers in memory, both directions. A word
// that is not known comes from a damaged or a foreign file, and is an error for the reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/model/run_facts.h"

namespace dearth::harness {

std::optional<Strategy> strategy_from_word(std::string_view word);

// Phases, operations and domains are the hooks' words; a number without a word is written as the
// number.
std::string phase_word(uint32_t phase);
std::string op_word(uint32_t op);
std::string domain_word(uint32_t domain);
std::optional<uint32_t> phase_from_word(std::string_view word);
std::optional<uint32_t> op_from_word(std::string_view word);
std::optional<uint32_t> domain_from_word(std::string_view word);

std::string tags_text(const std::vector<std::string>& tags);
std::vector<std::string> tags_from_text(std::string_view text);

// A name from a fixed array that a target wrote: its end may be missing.
template <size_t kBytes>
std::string_view bounded_text(const char (&text)[kBytes]) {
    const std::string_view whole(text, kBytes);
    return whole.substr(0, whole.find('\0'));
}

}  // namespace dearth::harness
