// The key table as a JSON Schema (draft-07), for editors and for `dearth schema`.
#pragma once

#include <string>

namespace dearth::harness {

// Indented JSON that ends with a line feed; the same text on every call.
std::string scenario_schema_text();

}  // namespace dearth::harness
