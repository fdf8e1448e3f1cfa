// How a fuzzer says that a law was broken: libFuzzer keeps the input of a process that traps.
#pragma once

#include <cstdio>

namespace dearth::fuzz {

// Ends the process when the law does not hold, also in builds without assertions.
inline void require(bool holds, const char* law) {
    if (!holds) {
        std::fprintf(stderr, "broken law: %s\n", law);
        __builtin_trap();
    }
}

}  // namespace dearth::fuzz
