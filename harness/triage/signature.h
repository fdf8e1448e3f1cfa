// What makes two findings the same: the rule, up to three frames of the request that was made to
// fail and up to three of the place where it broke. Made of function names, so that it survives a
// rebuild, another address and another line; a frame without a name is its module and offset.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/model/finding.h"

namespace dearth::harness {

inline constexpr size_t kSignatureFrames = 3;

// The text that is hashed, for tests and for people who ask why two findings are not one.
std::string signature_text(std::string_view rule, const std::vector<SymbolFrame>& injected,
                           const std::vector<SymbolFrame>& detected);

// XXH3-64 of the above, as a number and in 16 hex digits.
uint64_t signature_value(std::string_view rule, const std::vector<SymbolFrame>& injected,
                         const std::vector<SymbolFrame>& detected);
std::string signature_id(uint64_t value);
std::string signature(std::string_view rule, const std::vector<SymbolFrame>& injected,
                      const std::vector<SymbolFrame>& detected);

}  // namespace dearth::harness
