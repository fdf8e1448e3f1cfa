// JUnit XML: one testsuite a scenario; in it one testcase a kind of failure, and one for each
// finding that fails the gate. A scenario that could not be judged has a testcase with an error.
// Warnings and known findings stand in the output of their kind's testcase: they are no failures.
#pragma once

#include "harness/report/run_source.h"
#include "harness/report/text_sink.h"

namespace dearth::harness {

enum class JunitDialect {
    kLenient,  // with `file` and `line`, which GitLab uses
    kStrict,   // only what the Jenkins xUnit plug-in's schema (junit-10.xsd) allows
};

Status write_junit_report(const RunSource& source, JunitDialect dialect, TextSink& sink);

}  // namespace dearth::harness
