// The shortest CPython script, start-up to finalisation: some 15,000 points, each once and
// persistent. Every point, no false hang, no false crash, and the same verdicts by fork and by
// exec. Takes many minutes: label slow.
#include <gtest/gtest.h>

#include "tests/end_to_end/dearth_process.h"
#include "tests/end_to_end/strategies.h"

namespace dearth::harness {
namespace {

TEST(Startup, SweepsEveryPointAlikeByForkAndExec) {
    EXPECT_GT(expect_same_trials(shipped("cpython/startup.dearth.yaml")), 20'000u);
}

}  // namespace
}  // namespace dearth::harness
