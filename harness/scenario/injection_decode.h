// `inject` to Injection: schedules, kinds, the window, and the one-line form. Reports what the key
// table alone cannot see: keys that do not go together.
#pragma once

#include "harness/model/scenario.h"
#include "harness/scenario/diagnostic.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {

// What is injected when a scenario says nothing: every request of the script, once and persistent.
Injection default_injection();

// `inject` is the map of that key; values that the shape check refuses are passed over.
Injection decode_injection(const YamlEntry& inject, DiagnosticSink& sink);

}  // namespace dearth::harness
