// `target` to Target: engine, scripts, program, environment.
#pragma once

#include "harness/model/scenario.h"
#include "harness/scenario/diagnostic.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {

Target decode_target(const YamlEntry& target, DiagnosticSink& sink);

}  // namespace dearth::harness
