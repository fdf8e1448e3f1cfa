// Scenarios, scripts and folders on disk, the broken ones included.
#include "harness/scenario/scenario_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness/scenario/scenario_loader.h"
#include "harness/scenario/yaml_document.h"

namespace dearth::harness {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGood = "version: 1\ntarget: { engine: lua, script: return 1 }\n";

class ScenarioFiles : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "dearth-scenario-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    std::string write(const std::string& name, std::string_view text) {
        fs::create_directories((folder_ / name).parent_path());
        std::ofstream out(folder_ / name, std::ios::binary);
        out << text;
        return path(name);
    }
    // The only diagnostic's code and message, the folder's own path left out.
    std::string complaint(const LoadReport& report) const {
        if (report.diagnostics.size() != 1) {
            return format_diagnostics(report.diagnostics);
        }
        std::string text = report.diagnostics[0].code + ": " + report.diagnostics[0].message;
        for (size_t at = text.find(folder_.string()); at != std::string::npos;
             at = text.find(folder_.string())) {
            text.replace(at, folder_.string().size(), "FOLDER");
        }
        return text;
    }
    LoadReport read(const std::string& one) {
        const std::vector<std::string> paths = {one};
        return read_scenario_paths(paths);
    }

    fs::path folder_;
};

TEST_F(ScenarioFiles, FolderGivesItsScenariosSorted) {
    write("b/z.dearth.yaml", kGood);
    write("b/a.dearth.yaml", kGood);
    write("a.dearth.yaml", kGood);
    write("a.yaml", "not one of ours");
    write(".dearth.yaml", "a suffix is no name");
    fs::create_directories(folder_ / "folder.dearth.yaml");
    fs::create_directory_symlink(folder_, folder_ / "b/loop");
    const auto found = discover_scenarios(path(""));
    ASSERT_TRUE(found.ok()) << found.error().message;
    const std::vector<std::string> expected = {path("a.dearth.yaml"), path("b/a.dearth.yaml"),
                                               path("b/z.dearth.yaml")};
    EXPECT_EQ(found.value(), expected);
}

TEST_F(ScenarioFiles, FolderWithoutScenariosIsNothingToTest) {
    write("x.yaml", kGood);
    const auto found = discover_scenarios(folder_.string());
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().error_class, ErrorClass::kNothing);
    const LoadReport report = read(folder_.string());
    EXPECT_EQ(report.error_class, ErrorClass::kNothing);
    EXPECT_EQ(complaint(report),
              "no-scenarios: failed to find a scenario in `FOLDER`: no file there ends in "
              "`.dearth.yaml`");
    const std::vector<std::string> paths = {folder_.string()};
    EXPECT_EQ(load_scenario_paths(paths).error().error_class, ErrorClass::kNothing);
    EXPECT_EQ(check_scenario_paths(paths).error().error_class, ErrorClass::kNothing);
}

TEST_F(ScenarioFiles, WhatIsNotThereIsAUsageError) {
    EXPECT_EQ(complaint(read(path("no.dearth.yaml"))),
              "unreadable: failed to open `FOLDER/no.dearth.yaml`: No such file or directory");
    const LoadReport report = read_scenario_file(path("no.dearth.yaml"));
    EXPECT_EQ(complaint(report),
              "unreadable: the scenario cannot be read: No such file or directory");
    EXPECT_EQ(load_scenario_file(path("no.dearth.yaml")).error().error_class, ErrorClass::kUsage);
}

TEST_F(ScenarioFiles, OtherSuffixesAreRefused) {
    EXPECT_EQ(complaint(read(write("x.yaml", kGood))),
              "unreadable: failed to take `FOLDER/x.yaml` for a scenario: its name does not end in "
              "`.dearth.yaml`");
}

TEST_F(ScenarioFiles, WhatIsNoFileIsRefusedWithoutWaiting) {
    fs::create_directories(folder_ / "d.dearth.yaml");
    EXPECT_EQ(complaint(read_scenario_file(path("d.dearth.yaml"))),
              "unreadable: the scenario cannot be read: Is a directory");
    ASSERT_EQ(::mkfifo(path("f.dearth.yaml").c_str(), 0600), 0);
    EXPECT_EQ(complaint(read(path("f.dearth.yaml"))),
              "unreadable: the scenario cannot be read: not a regular file");
    EXPECT_EQ(complaint(read_scenario_file("/dev/zero")),
              "unreadable: the scenario cannot be read: not a regular file");
}

TEST_F(ScenarioFiles, UnreadableFileIsRefused) {
    const std::string file = write("x.dearth.yaml", kGood);
    fs::permissions(file, fs::perms::none);
    const LoadReport report = read_scenario_file(file);
    if (::geteuid() == 0) {
        EXPECT_TRUE(report.ok()) << "root reads everything";
    } else {
        EXPECT_EQ(complaint(report), "unreadable: the scenario cannot be read: Permission denied");
    }
}

TEST_F(ScenarioFiles, LargeFilesAreRefused) {
    const std::string large(10u << 20, '#');
    EXPECT_EQ(complaint(read(write("large.dearth.yaml", large))),
              "too-large: the scenario cannot be read: larger than 1MiB");
    EXPECT_EQ(complaint(read_scenario_text("large.dearth.yaml", large)),
              "too-large: a scenario file has at most 1MiB");
    // As large as allowed: a long comment.
    std::string full(kGood);
    full += std::string(kYamlBytesMax - full.size(), '#');
    EXPECT_TRUE(read(write("full.dearth.yaml", full)).ok());
}

TEST_F(ScenarioFiles, BinaryGarbageIsRefused) {
    std::string garbage;
    for (int round = 0; round < 64; ++round) {
        for (int byte = 0; byte < 256; ++byte) {
            garbage += static_cast<char>(byte ^ round);
        }
    }
    const LoadReport report = read(write("x.dearth.yaml", garbage));
    ASSERT_EQ(report.diagnostics.size(), 1u);
    EXPECT_EQ(report.diagnostics[0].code, "not-utf8");
}

TEST_F(ScenarioFiles, ScriptsAreFoundBesideTheScenario) {
    write("sub/scripts/a.lua", "return 'a'\n");
    write("sub/w.lua", "return 'w'\n");
    const std::string file = write("sub/x.dearth.yaml",
                                   "version: 1\ntarget:\n  engine: lua\n  script: { file: "
                                   "scripts/a.lua }\n  warmup: { file: ./w.lua }\n");
    const auto loaded = load_scenario_file(file);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const Target& target = loaded.value()[0].target;
    EXPECT_EQ(target.script.text, "return 'a'\n");
    EXPECT_EQ(target.script.name, path("sub/scripts/a.lua"));
    EXPECT_EQ(target.warmup->name, path("sub/w.lua"));
}

TEST_F(ScenarioFiles, ScriptsThatCannotBeReadHaveTheirPlace) {
    fs::create_directories(folder_ / "d.lua");
    write("large.lua", std::string(kScriptBytesMax + 1, ' '));
    for (const std::string script : {"no.lua", "d.lua", "large.lua"}) {
        const LoadReport report =
            read(write("x.dearth.yaml",
                       "version: 1\ntarget:\n  engine: lua\n  script: { file: " + script + " }\n"));
        ASSERT_EQ(report.diagnostics.size(), 1u) << script;
        EXPECT_EQ(report.diagnostics[0].code, "unreadable-script") << script;
        EXPECT_EQ(report.diagnostics[0].line, 4u) << script;
        EXPECT_EQ(report.diagnostics[0].column, 19u) << script;
    }
}

TEST_F(ScenarioFiles, TwoFilesMayShareAName) {
    write("a/x.dearth.yaml", kGood);
    write("b/x.dearth.yaml", kGood);
    const LoadReport report = read(folder_.string());
    ASSERT_EQ(report.scenarios.size(), 2u) << complaint(report);
    EXPECT_EQ(report.scenarios[0].name, report.scenarios[1].name);
    EXPECT_NE(report.scenarios[0].file, report.scenarios[1].file);
}

TEST_F(ScenarioFiles, AFileNamedTwiceIsReadOnce) {
    const std::string file = write("x.dearth.yaml", kGood);
    const std::vector<std::string> paths = {file, folder_.string(),
                                            (folder_ / "." / "x.dearth.yaml").string()};
    const LoadReport report = read_scenario_paths(paths);
    EXPECT_TRUE(report.ok()) << complaint(report);
    EXPECT_EQ(report.scenarios.size(), 1u);
    EXPECT_EQ(report.files, 1u);
}

TEST_F(ScenarioFiles, AllFilesAreReadBeforeAnythingIsSaid) {
    write("a.dearth.yaml", "version: 2\ntarget: { engine: lua, script: x }\n");
    write("b.dearth.yaml", "version: 1\nnaem: x\ntarget: { engine: lua, script: x }\n");
    const std::vector<std::string> paths = {folder_.string(), path("no.lua")};
    const LoadReport report = read_scenario_paths(paths);
    EXPECT_EQ(report.diagnostics.size(), 3u);
    EXPECT_TRUE(report.scenarios.empty());
    EXPECT_EQ(report.error_class, ErrorClass::kUsage);
    const auto loaded = load_scenario_paths(paths);
    ASSERT_FALSE(loaded.ok());
    EXPECT_TRUE(loaded.error().message.starts_with("load the scenarios: 3 errors\n"));
}

TEST_F(ScenarioFiles, ScriptsMakeTheirOwnScenario) {
    const std::string lua = write("My Script.lua", "return 1\n");
    const auto scenario = scenario_for_script(lua);
    ASSERT_TRUE(scenario.ok()) << scenario.error().message;
    EXPECT_EQ(scenario.value().name, "my-script");
    EXPECT_EQ(scenario.value().target.engine, Engine::kLua);
    EXPECT_EQ(scenario.value().target.script.text, "return 1\n");
    EXPECT_EQ(scenario.value().target.script.name, lua);
    EXPECT_EQ(scenario.value().injection.when.phase_mask, 1u << DEARTH_PHASE_RUN);
    EXPECT_EQ(scenario.value().injection.kinds.size(), 2u);
    EXPECT_FALSE(scenario.value().gate.fail_on.empty());
    // The same as the smallest scenario file with that script.
    const std::string yaml =
        write("my-script.dearth.yaml",
              "version: 1\ntarget: { engine: lua, script: { file: \"My Script.lua\" } }\n");
    const auto loaded = load_scenario_file(yaml);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_EQ(scenario_fingerprint_text(loaded.value()[0]),
              scenario_fingerprint_text(scenario.value()));

    EXPECT_EQ(scenario_for_script(write("x.py", "")).value().target.engine, Engine::kPython);
    EXPECT_FALSE(scenario_for_script(path("no.py")).ok());
    EXPECT_FALSE(scenario_for_script(write("x.rb", "")).ok());
    const std::vector<std::string> paths = {lua, path("x.py")};
    EXPECT_EQ(read_scenario_paths(paths).scenarios.size(), 2u);
}

}  // namespace
}  // namespace dearth::harness
