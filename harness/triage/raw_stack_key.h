// Hashes of triage: of a signature's text, and of raw stacks, so that trials whose stacks were
// seen before need no names. The only door to xxHash.
#pragma once

#include <cstdint>
#include <string_view>

#include "dearth/control_page.h"

namespace dearth::harness {

uint64_t hash_text(std::string_view text);

// Over the frames, not over `site`: that is a number the target wrote.
uint64_t raw_stack_key(std::string_view rule, const dearth_stack& injected,
                       const dearth_stack& detected);

}  // namespace dearth::harness
