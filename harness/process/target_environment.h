// The environment a target gets.
#pragma once

#include <map>
#include <string>

#include "harness/model/scenario.h"

namespace dearth::harness {

// Fixed, so that request counts do not depend on the shell a user happens to have; or the user's
// own where the target inherits it. The scenario's `env` comes on top. Without dearth's variables.
std::map<std::string, std::string> target_environment(const Target& target);

}  // namespace dearth::harness
