// What `dearth --version` prints.
#pragma once

#include <string>

namespace dearth::harness {

// "0.1.0"
std::string version_number();
// "dearth 0.1.0 (GCC 12.2.0; engines: lua, cpython)", with a line feed.
std::string version_text();

}  // namespace dearth::harness
