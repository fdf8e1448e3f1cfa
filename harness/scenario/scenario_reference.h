// The key table as the reference in scenarios/README.md.
#pragma once

#include <string>
#include <string_view>

namespace dearth::harness {

// Between these lines the README holds key_reference_text().
inline constexpr std::string_view kReferenceBegin = "<!-- keys: begin -->\n";
inline constexpr std::string_view kReferenceEnd = "<!-- keys: end -->\n";

// A Markdown table, one row a key, in the order of the key table.
std::string key_reference_text();

}  // namespace dearth::harness
