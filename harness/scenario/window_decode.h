// `ops`, `when` and `unless` to the two filters of a window.
#pragma once

#include "dearth/schedule.h"
#include "harness/scenario/diagnostic.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {

// Fills both filters from the map of an `inject` key; `when` comes with the default window.
void decode_window(const YamlNode& inject, dearth_filter& when, dearth_filter& unless,
                   DiagnosticSink& sink);

}  // namespace dearth::harness
