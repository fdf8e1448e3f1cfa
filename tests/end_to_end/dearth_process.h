// Runs the real executable in a folder of its own and keeps what it said.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/model/sweep_event.h"
#include "harness/model/verdict.h"
#include "harness/process/child_process.h"

namespace dearth::harness {

struct DearthRun {
    int exit_code = -1;  // 128 + signal when it died of one
    std::string out;
    std::string err;
};

// A folder that exists as long as the object; the working directory of the test process, so that
// relative paths and .dearth land in it.
class WorkFolder {
public:
    WorkFolder();
    ~WorkFolder();
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string write(const std::string& name, const std::string& text) const;

private:
    std::string path_;
    std::string before_;
};

// Ends when dearth does, or fails the test after two minutes.
DearthRun run_dearth(const std::vector<std::string>& arguments,
                     const std::map<std::string, std::string>& environment = {});

// Starts it and returns at once; output is thrown away.
ChildProcess start_dearth(const std::vector<std::string>& arguments);

// Path of a shipped scenario or folder: "canary/overflow.dearth.yaml".
std::string shipped(const std::string& path);

// What a results file says of every trial.
struct TrialLine {
    Verdict verdict = Verdict::kInconclusive;
    std::string detail;
    uint64_t site = 0;
    std::vector<std::string> finding_ids;
};
// Key: scenario, kind, ordinal, seed.
std::map<std::string, TrialLine> trials_in(const std::string& database);
// "2 crash, 10 handled" for messages.
std::string verdicts_text(const std::map<std::string, TrialLine>& trials);

}  // namespace dearth::harness
