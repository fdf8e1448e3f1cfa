// Must fail: a fuzzer with one planted bug. ci/check runs it to prove that the compiler's
// instrumentation is on and that a failure is seen; while it survives, no other fuzzer counts.
#include <cstdint>

#include "fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
    // Nested, so that each byte is a branch of its own: guided search climbs it, luck does not.
    if (size_bytes == 5 && data[0] == 'd')
        if (data[1] == 'e' && data[2] == 'a')
            if (data[3] == 'r')
                dearth::fuzz::require(data[4] != 't', "planted");
    return 0;
}
