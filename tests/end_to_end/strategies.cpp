#include "tests/end_to_end/strategies.h"

#include <algorithm>
#include <filesystem>

#include "tests/end_to_end/dearth_process.h"

namespace dearth::harness {

size_t expect_same_trials(const std::string& file) {
    const WorkFolder folder;
    std::map<std::string, TrialLine> trials[2];
    const std::string strategies[2] = {"fork", "exec"};
    for (size_t i = 0; i < 2; ++i) {
        const DearthRun run = run_dearth({"run", "-q", "--confirm", "0", "--strategy",
                                          strategies[i], "--db", strategies[i] + ".db", file});
        EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 1) << run.exit_code << "\n"
                                                              << run.out << run.err;
        trials[i] = trials_in(strategies[i] + ".db");
    }
    EXPECT_EQ(trials[0].size(), trials[1].size());
    size_t different = 0;
    for (const auto& [key, fork_line] : trials[0]) {
        const auto exec_line = trials[1].find(key);
        if (exec_line == trials[1].end()) {
            ADD_FAILURE() << key << ": only fork has it";
            continue;
        }
        const bool is_same = fork_line.verdict == exec_line->second.verdict &&
                             fork_line.site == exec_line->second.site &&
                             fork_line.finding_ids == exec_line->second.finding_ids;
        if (is_same)
            continue;
        if (++different <= 5) {
            ADD_FAILURE() << key << "\n  fork: " << verdict_name(fork_line.verdict) << " "
                          << fork_line.detail
                          << "\n  exec: " << verdict_name(exec_line->second.verdict) << " "
                          << exec_line->second.detail;
        }
    }
    EXPECT_EQ(different, 0u) << "of " << trials[0].size();
    return trials[0].size();
}

std::string scenario_test_name(const testing::TestParamInfo<std::string>& instance) {
    std::string name = std::filesystem::path(instance.param).filename();
    name.resize(name.find('.'));
    std::ranges::replace(name, '-', '_');
    return name;
}

}  // namespace dearth::harness
