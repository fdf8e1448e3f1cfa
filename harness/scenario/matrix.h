// `matrix`: every combination of its values, and `${{ matrix.KEY }}` replaced by them in a copy of
// the document.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/scenario/diagnostic.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {

inline constexpr size_t kMatrixCombinationsMax = 256;

struct MatrixCombination {
    std::vector<std::pair<std::string, std::string>> values;  // key, value; in the file's order
    std::vector<std::string> words;  // the values as parts of a name, distinct within a key
};

// One empty combination when there is no matrix; none when it is wrong (reported).
std::vector<MatrixCombination> matrix_combinations(const YamlNode& root, DiagnosticSink& sink);

// A copy of the document in which every text but those of `matrix` has the values put in.
// Variables that do not exist are reported and left as they are.
YamlNode substituted(const YamlNode& root, const MatrixCombination& combination,
                     DiagnosticSink& sink);

// Whether the text holds a variable; `$${{` is none.
bool has_matrix_variable(std::string_view text);

}  // namespace dearth::harness
