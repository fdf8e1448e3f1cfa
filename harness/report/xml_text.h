// Text as XML 1.0 allows it. Characters that XML cannot say in any way are dropped, malformed
// UTF-8 becomes U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace dearth::harness {

// For element content and for attributes alike: line feeds and tabs survive in both, and no "]]>"
// can appear.
std::string xml_escaped(std::string_view text);
// ` name="value"`.
std::string xml_attribute(std::string_view name, std::string_view value);

}  // namespace dearth::harness
