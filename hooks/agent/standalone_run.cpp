#include "hooks/agent/standalone_run.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dearth/install.h"
#include "dearth/ledger.h"
#include "hooks/agent/fatal_signals.h"
#include "hooks/agent/main_stack.h"
#include "hooks/agent/standalone_options.h"
#include "hooks/agent/trial.h"
#include "hooks/base/leave_process.h"
#include "hooks/base/raw_output.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/misuse_text.h"
#include "hooks/record/module_table.h"

namespace dearth::hooks {
namespace {

constexpr int kExitRefused = 125;
constexpr const char* kScheduleVariable = "DEARTH_SCHEDULE";
constexpr const char* kGuardVariable = "DEARTH_GUARD";
constexpr size_t kErrorBytes = 256;
constexpr size_t kLeakSitesMax = 32;

constinit StandaloneOptions options_ = {};

const char* text_of(const char* variable) {
    const char* value = getenv(variable);
    return value == nullptr ? "" : value;
}

[[noreturn]] void leave_refused(RawOutput& line) {
    line.text("\n").write_to(STDERR_FILENO);
    leave_process(kExitRefused);
}

[[noreturn]] void refuse_variable(const char* variable, size_t offset, const char* error) {
    RawOutput line;
    line.text("dearth: ").text(variable).text(", character ").decimal(offset + 1);
    leave_refused(line.text(": ").text(error));
}

void read_options() {
    const char* text = text_of(kGuardVariable);
    char error[kErrorBytes];
    size_t offset = 0;
    if (*text == '\0')
        default_standalone_options(options_);
    else if (!parse_standalone_options(text, options_, error, sizeof error, offset))
        refuse_variable(kGuardVariable, offset, error);
}

// NULL: no faults.
const dearth_schedule* read_schedule() {
    static constinit dearth_schedule schedule = {};
    const char* text = text_of(kScheduleVariable);
    char error[kErrorBytes];
    size_t offset = 0;
    if (*text == '\0')
        return nullptr;
    if (dearth_schedule_parse(text, &schedule, error, sizeof error, &offset) != 0)
        refuse_variable(kScheduleVariable, offset, error);
    return &schedule;
}

// Their frames would be searched for pointers, with whatever the target left there: neither is on
// the stack while the leaks are looked for.
struct Leaks {
    dearth_leak_site sites[kLeakSitesMax];
    size_t count;
    int error;
};
constinit Leaks leaks_ = {};

__attribute__((noinline)) void look_for_leaks() {
    if (dearth_leaks(0, DEARTH_ROOT_USUAL, leaks_.sites, kLeakSitesMax, &leaks_.count) != 0)
        leaks_.error = errno;
}

// The loader's blocks belong to threads and modules; it keeps pointers where nobody looks, such as
// in the stacks of threads that are gone, which libc keeps for the next ones.
bool is_loaders_own(const dearth_leak_site& leak) {
    if (leak.allocated.depth == 0)
        return false;
    const char* module = module_name_at(decode_frame(leak.allocated.frames[0]));
    return module != nullptr && strncmp(module, "ld-linux", strlen("ld-linux")) == 0;
}

// Returns how many call sites lost blocks.
__attribute__((noinline)) size_t tell_leaks() {
    RawOutput line;
    if (leaks_.error != 0) {
        line.text("dearth: leaks cannot be looked for: error ");
        line.decimal(static_cast<uint64_t>(leaks_.error)).text("\n").write_to(STDERR_FILENO);
        return 0;
    }
    size_t lost = 0;
    for (size_t index = 0; index < leaks_.count && index < kLeakSitesMax; ++index) {
        const dearth_leak_site& leak = leaks_.sites[index];
        if (is_loaders_own(leak))
            continue;
        lost += leak.lost_blocks != 0 ? 1 : 0;
        if (leak.lost_blocks != 0 || options_.leaks == LeakReports::kAll)
            print_leak(leak);
    }
    // The largest come first: what is cut off is lost only if all that is shown is.
    if (lost == kLeakSitesMax && leaks_.count > kLeakSitesMax) {
        line.text("dearth: and up to ").decimal(leaks_.count - kLeakSitesMax);
        line.text(" more call sites\n").write_to(STDERR_FILENO);
    }
    return lost;
}

// True: something was found.
__attribute__((noinline)) bool tell_end() {
    const size_t lost_sites = options_.leaks == LeakReports::kNo ? 0 : tell_leaks();
    dearth_counters counters;
    dearth_read_counters(&counters);
    RawOutput line;
    line.text("dearth: ").decimal(counters.requests).text(" requests, ");
    line.decimal(counters.injected).text(" faults injected, ");
    line.decimal(counters.misuses).text(" misuses, ");
    line.decimal(counters.live_blocks).text(" blocks left\n").write_to(STDERR_FILENO);
    return counters.misuses != 0 || lost_sites != 0;
}

}  // namespace

bool is_standalone_asked() {
    return *text_of(kScheduleVariable) != '\0' || *text_of(kGuardVariable) != '\0';
}

void start_standalone() {
    read_options();
    const dearth_schedule* schedule = read_schedule();
    own_process();
    if ((options_.layers.layers & DEARTH_LAYER_STACKS) != 0)
        call_stack_prepare();
    if (dearth_start(&options_.layers, schedule) != 0) {
        RawOutput line;
        leave_refused(line.text("dearth: the layers cannot start: error ")
                          .decimal(static_cast<uint64_t>(errno)));
    }
    const StackRange stack = main_stack_range();
    catch_fatal_signals(stack.low, stack.high);
    set_status_of_fatal_misuse(options_.exit_status);
    pthread_atfork(nullptr, nullptr, own_process);
}

void end_standalone() {
    if (options_.leaks != LeakReports::kNo)
        look_for_leaks();
    if (tell_end() && options_.exit_status != 0) {
        fflush(nullptr);  // libc does so only after us
        leave_process(options_.exit_status);
    }
}

}  // namespace dearth::hooks
