// Names of functions as compilers and linkers spell them, reduced to what people and signatures
// need. Nothing here fails: a name that cannot be read is returned as it is.
#pragma once

#include <string>
#include <string_view>

namespace dearth::harness {

// A linker symbol as people read it: demangled, without parameters, return type, symbol version
// and the suffixes of compiler clones (".constprop.0", ".isra.3", ".part.1", ".cold").
std::string readable_function_name(std::string_view symbol);

// The above without template arguments: "std::vector<int>::push_back" is
// "std::vector::push_back". What signatures are made of.
std::string bare_function_name(std::string_view name);

}  // namespace dearth::harness
