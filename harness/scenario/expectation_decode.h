// `expect` to Expectation.
#pragma once

#include "harness/model/scenario.h"
#include "harness/scenario/diagnostic.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {

// The keys of `expect` replace what `base` says; all others keep it.
Expectation decode_expectation(const YamlNode& expect, const Expectation& base,
                               DiagnosticSink& sink);

}  // namespace dearth::harness
