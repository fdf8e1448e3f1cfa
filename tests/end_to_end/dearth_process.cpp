#include "tests/end_to_end/dearth_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "harness/store/result_reader.h"

namespace dearth::harness {
namespace {

constexpr int kDeadlineMs = DEARTH_RUN_DEADLINE_MS;

std::string text_of(const UniqueFd& file) {
    std::string text;
    std::array<char, 4096> buffer = {};
    for (;;) {
        const ssize_t got =
            pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
        if (got <= 0)
            return text;
        text.append(buffer.data(), static_cast<size_t>(got));
    }
}

SpawnRequest request_for(const std::vector<std::string>& arguments, int out, int err) {
    SpawnRequest request;
    request.program = DEARTH_EXECUTABLE;
    request.arguments = arguments;
    request.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/"}};
    request.descriptors = {{out, STDOUT_FILENO}, {err, STDERR_FILENO}};
    request.pins_layout = false;
    return request;
}

}  // namespace

WorkFolder::WorkFolder() : before_(std::filesystem::current_path()) {
    std::string pattern = std::filesystem::temp_directory_path() / "dearth-XXXXXX";
    path_ = mkdtemp(pattern.data());
    std::filesystem::current_path(path_);
}

WorkFolder::~WorkFolder() {
    std::filesystem::current_path(before_);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string WorkFolder::write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return name;
}

DearthRun run_dearth(const std::vector<std::string>& arguments,
                     const std::map<std::string, std::string>& environment) {
    const UniqueFd out(memfd_create("out", MFD_CLOEXEC));
    const UniqueFd err(memfd_create("err", MFD_CLOEXEC));
    SpawnRequest request = request_for(arguments, out.get(), err.get());
    for (const auto& [name, value] : environment)
        request.environment[name] = value;
    auto child = ChildProcess::spawn(request);
    DearthRun run;
    if (!child) {
        ADD_FAILURE() << child.error().message;
        return run;
    }
    pollfd wait = {child.value().exit_fd(), POLLIN, 0};
    if (poll(&wait, 1, kDeadlineMs) != 1) {
        ADD_FAILURE() << "dearth did not end in time";
        child.value().kill_group();
    }
    const ExitReport exit = child.value().wait();
    run.exit_code = exit.was_signaled ? 128 + exit.code : exit.code;
    run.out = text_of(out);
    run.err = text_of(err);
    return run;
}

ChildProcess start_dearth(const std::vector<std::string>& arguments) {
    const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    auto child = ChildProcess::spawn(request_for(arguments, null.get(), null.get()));
    EXPECT_TRUE(child.ok());
    return child.take();
}

std::string shipped(const std::string& path) {
    return std::string(DEARTH_SCENARIOS) + "/" + path;
}

std::map<std::string, TrialLine> trials_in(const std::string& database) {
    std::map<std::string, TrialLine> lines;
    auto reader = ResultReader::open_existing(database);
    if (!reader) {
        ADD_FAILURE() << reader.error().message;
        return lines;
    }
    const auto scenarios = reader.value().scenarios();
    EXPECT_TRUE(scenarios.ok());
    for (const ScenarioFacts& scenario : scenarios.value()) {
        const Status read = reader.value().for_each_trial(
            scenario.scenario_index, [&](const TrialFinished& trial) -> Status {
                TrialLine line = {trial.verdict, trial.detail, trial.site, trial.finding_ids};
                std::ranges::sort(line.finding_ids);
                lines[fmt::format("{} {} {} {}", scenario.name, sweep_kind_text(trial.point.kind),
                                  trial.point.ordinal, trial.point.seed)] = line;
                return Done{};
            });
        EXPECT_TRUE(read.ok());
    }
    return lines;
}

std::string verdicts_text(const std::map<std::string, TrialLine>& trials) {
    std::map<std::string_view, int> counts;
    for (const auto& [key, line] : trials)
        ++counts[verdict_name(line.verdict)];
    std::string text;
    for (const auto& [name, count] : counts)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
    return text;
}

}  // namespace dearth::harness
