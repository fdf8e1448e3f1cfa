// Ctrl-C once: stop starting trials, write the results, exit 130. Twice: die at once; what is
// finished stands in the results file anyway.
#pragma once

namespace dearth::harness {

void watch_for_stop();
bool stop_was_requested();

}  // namespace dearth::harness
