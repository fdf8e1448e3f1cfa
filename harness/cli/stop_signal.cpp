#include "harness/cli/stop_signal.h"

#include <signal.h>

namespace dearth::harness {
namespace {

volatile sig_atomic_t is_stopping = 0;

void on_stop(int signal_number) {
    is_stopping = 1;
    signal(signal_number, SIG_DFL);
}

}  // namespace

void watch_for_stop() {
    struct sigaction action = {};
    action.sa_handler = on_stop;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    // A reader of our output that goes away is an error of writing, not a reason to die.
    signal(SIGPIPE, SIG_IGN);
    // So is a results file that may not grow any more.
    signal(SIGXFSZ, SIG_IGN);
}

bool stop_was_requested() {
    return is_stopping != 0;
}

}  // namespace dearth::harness
