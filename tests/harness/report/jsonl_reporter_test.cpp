// Every line parses, and carries the fields that DESIGN names, in a form that loses nothing.
#include "harness/report/jsonl_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/report/json_text.h"
#include "tests/harness/report/fake_source.h"

namespace dearth::harness {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> lines_of(const RunSource& source) {
    StringSink sink;
    const Status status = write_jsonl_report(source, sink);
    EXPECT_TRUE(status.ok()) << status.error().message;
    std::vector<Json> lines;
    std::string_view text = sink.text();
    EXPECT_TRUE(text.ends_with('\n'));
    while (!text.empty()) {
        const size_t length = text.find('\n');
        lines.push_back(Json::parse(text.substr(0, length)));
        text.remove_prefix(length + 1);
    }
    return lines;
}

std::vector<Json> lines_of(const RunSource& source, const std::string& event) {
    std::vector<Json> chosen;
    for (const Json& line : lines_of(source)) {
        if (line.at("event") == event)
            chosen.push_back(line);
    }
    return chosen;
}

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items())
        keys.push_back(key);
    return keys;
}

TEST(JsonlReporter, BeginsWithItsSchema) {
    const std::vector<Json> lines = lines_of(sample_source());
    EXPECT_EQ(keys_of(lines.front()).front(), "schema");
    EXPECT_EQ(lines.front().at("schema"), "dearth.events/1");
    EXPECT_EQ(lines.front().at("event"), "run-started");
    EXPECT_EQ(lines.front().at("run"), "3f9c0a11");
    EXPECT_EQ(lines.front().at("started"), "2026-01-02T03:04:05Z");
}

TEST(JsonlReporter, TrialHasTheNamedFields) {
    const std::vector<Json> trials = lines_of(sample_source(), "trial");
    ASSERT_EQ(trials.size(), 20u);
    EXPECT_THAT(keys_of(trials[0]),
                testing::ElementsAre("event", "scenario", "ordinal", "site", "phase", "kind",
                                     "strategy", "verdict", "ms"));
    EXPECT_EQ(trials[0].at("scenario"), "table-sweep");
    EXPECT_EQ(trials[0].at("ordinal"), 1);
    EXPECT_EQ(trials[0].at("site"), "f000000000000001");
    EXPECT_EQ(trials[0].at("phase"), "close");
    EXPECT_EQ(trials[0].at("kind"), "once");
    EXPECT_EQ(trials[0].at("strategy"), "fork");
    EXPECT_EQ(trials[0].at("verdict"), "handled");
    EXPECT_EQ(trials[0].at("ms"), 1.001);
}

TEST(JsonlReporter, RunOfAScheduleHasItsSeed) {
    FakeSource source = sample_source();
    TrialFinished trial = samples::trial(0);
    trial.point.seed = 9;
    source.trials[1] = {trial};
    EXPECT_EQ(lines_of(source, "trial").back().at("seed"), 9);
}

TEST(JsonlReporter, FindingHasTheNamedFieldsFirst) {
    const std::vector<Json> findings = lines_of(sample_source(), "finding");
    ASSERT_EQ(findings.size(), 3u);
    std::vector<std::string> keys = keys_of(findings[0]);
    ASSERT_GE(keys.size(), 10u);
    keys.resize(10);
    EXPECT_THAT(keys, testing::ElementsAre("event", "id", "rule", "verdict", "scenario", "ordinal",
                                           "injected", "detected", "script", "replay"));
    EXPECT_EQ(findings[0].at("id"), "9c0f2a7700000001");
    EXPECT_EQ(findings[0].at("rule"), "DT1001");
    EXPECT_EQ(findings[0].at("script"), "table.lua:3");
    EXPECT_EQ(findings[0].at("replay"), "dearth replay 9c0f2a7700000001");
    EXPECT_EQ(findings[0].at("injected").size(), 3u);
    EXPECT_EQ(findings[0].at("injected")[0].at("function"), "luaM_malloc_");
    EXPECT_EQ(findings[0].at("injected")[0].at("file"), "lmem.c");
    EXPECT_EQ(findings[0].at("injected")[0].at("line"), 201);
    EXPECT_FALSE(findings[0].at("detected")[1].contains("function"));
    EXPECT_EQ(findings[1].at("script"), "");
}

TEST(JsonlReporter, RunEndsWithItsTotals) {
    const Json line = lines_of(sample_source()).back();
    EXPECT_THAT(keys_of(line),
                testing::ElementsAre("event", "exit", "trials", "verdicts", "sites_seen",
                                     "sites_failed", "cpu_s", "wall_s"));
    EXPECT_EQ(line.at("event"), "run-finished");
    EXPECT_EQ(line.at("exit"), 1);
    EXPECT_EQ(line.at("trials"), 20);
    EXPECT_EQ(line.at("verdicts").at("overflow"), 8);
    EXPECT_EQ(line.at("sites_seen"), 88);
    EXPECT_EQ(line.at("sites_failed"), 82);
    EXPECT_EQ(line.at("cpu_s"), 3.25);
}

TEST(JsonlReporter, InterruptedRunSaysSo) {
    FakeSource source = sample_source();
    source.facts.finish.reset();
    source.scenario_list[1].is_finished = false;
    EXPECT_EQ(lines_of(source).back().at("event"), "run-interrupted");
    EXPECT_EQ(lines_of(source, "scenario-finished").size(), 1u);
}

TEST(JsonlReporter, AnyBytesMakeLinesThatParse) {
    FakeSource source = sample_source();
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    source.findings[0][0].detail = all;
    source.findings[0][0].injected[0].function = "\xf0\x9f\x98";
    source.scenario_list[0].name = "\"\\\n\u2028";
    const std::vector<Json> findings = lines_of(source, "finding");
    EXPECT_EQ(findings[0].at("scenario"), "\"\\\n\u2028");
    EXPECT_EQ(findings[0].at("detail").get<std::string>().substr(0, 128), all.substr(0, 128));
}

TEST(JsonlReporter, SourceErrorIsPassedOn) {
    FakeSource source = sample_source();
    source.trial_error = Error{ErrorClass::kUsage, "read results from x: damaged", ""};
    StringSink sink;
    const Status status = write_jsonl_report(source, sink);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "read results from x: damaged");
}

TEST(JsonText, NestsAndSeparates) {
    JsonText json;
    json.begin_object().key("a").begin_array().integer(int64_t{-1}).boolean(true).null();
    json.begin_object().end_object().end_array().field("b", "c");
    json.key("n").number(0.0 / 0.0, 3).key("x").number(1.5, 2).end_object();
    EXPECT_EQ(json.take(), R"({"a":[-1,true,null,{}],"b":"c","n":null,"x":1.50})");
}

}  // namespace
}  // namespace dearth::harness
