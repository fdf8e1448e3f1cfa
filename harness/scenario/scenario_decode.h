// A document, with its matrix variables put in, to plain scenarios: one, or one a case. Reports
// what the key table alone cannot see; scripts named by the document are read here.
#pragma once

#include <string>
#include <vector>

#include "harness/model/scenario.h"
#include "harness/scenario/diagnostic.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {

Expectation default_expectation(Engine engine);
Gate default_gate();

// A scenario and the place that gave it its name.
struct DecodedScenario {
    Scenario scenario;
    Place name_place;
};

// `name_suffix` is appended to the file's name part (".once.vacuum"). The result only counts when
// the sink stays clean.
std::vector<DecodedScenario> decode_scenarios(const YamlNode& root, const std::string& name_suffix,
                                              DiagnosticSink& sink);

}  // namespace dearth::harness
