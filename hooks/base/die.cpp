// Tells, records, aborts; see the header.
#include "hooks/base/die.h"

#include <stdlib.h>
#include <unistd.h>

#include "hooks/base/raw_output.h"

namespace dearth::hooks {

namespace {
using DieRecorder = void (*)(const char* what);
constinit DieRecorder die_recorder = nullptr;
}  // namespace

void set_die_recorder(void (*recorder)(const char* what)) noexcept {
    __atomic_store_n(&die_recorder, recorder, __ATOMIC_RELEASE);
}

void die(const char* what) noexcept {
    // First the record: standard error may block or be closed.
    if (auto* recorder = __atomic_load_n(&die_recorder, __ATOMIC_ACQUIRE); recorder != nullptr) {
        recorder(what);
    }
    RawOutput output;
    output.text("dearth: internal error: ").text(what).text("\n");
    output.write_to(STDERR_FILENO);
    abort();
}

}  // namespace dearth::hooks
