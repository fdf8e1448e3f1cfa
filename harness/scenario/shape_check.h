// Holds a document against the key table: unknown, missing and reserved keys, wrong kinds of
// value, words and ranges. What needs two keys to be judged is left to scenario_decode.h.
#pragma once

#include "harness/scenario/diagnostic.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {

// Reports everything; the sink stays clean when the document has the right shape.
void check_shape(const YamlNode& root, DiagnosticSink& sink);

}  // namespace dearth::harness
