// JUnit as its readers want it: well formed for any bytes, and in the strict dialect nothing but
// what junit-10.xsd allows. The rules stand here as a table, because the schema is not ours to
// ship.
#include "harness/report/junit_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include <pugixml.hpp>

#include "harness/report/xml_text.h"
#include "tests/harness/report/fake_source.h"

namespace dearth::harness {
namespace {

struct ElementRules {
    std::set<std::string> required;
    std::set<std::string> optional;
    std::set<std::string> children;
};

const std::map<std::string, ElementRules> kStrictRules = {
    {"testsuites", {{}, {"name", "time", "tests", "failures", "errors"}, {"testsuite"}}},
    {"testsuite",
     {{"name", "tests", "failures", "errors"},
      {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url",
       "version"},
      {"testsuite", "properties", "testcase", "system-out", "system-err"}}},
    {"properties", {{}, {}, {"property"}}},
    {"property", {{"name", "value"}, {}, {}}},
    {"testcase",
     {{"name"},
      {"classname", "time", "group"},
      {"skipped", "error", "failure", "system-out", "system-err"}}},
    {"failure", {{}, {"message", "type"}, {}}},
    {"error", {{}, {"message", "type"}, {}}},
    {"skipped", {{}, {"message", "type"}, {}}},
    {"system-out", {{}, {}, {}}},
};

void expect_at_most_three_decimals(std::string_view time) {
    const size_t point = time.find('.');
    ASSERT_NE(point, std::string_view::npos) << time;
    EXPECT_GT(point, 0u) << time;
    EXPECT_LE(time.size() - point - 1, 3u) << time;
    EXPECT_EQ(time.find_first_not_of("0123456789."), std::string_view::npos) << time;
    EXPECT_EQ(time.find('.', point + 1), std::string_view::npos) << time;
}

void expect_strict(const pugi::xml_node& node) {
    const auto place = kStrictRules.find(node.name());
    ASSERT_NE(place, kStrictRules.end()) << node.name();
    const ElementRules& rules = place->second;
    std::set<std::string> names;
    for (const pugi::xml_attribute& attribute : node.attributes()) {
        EXPECT_TRUE(names.insert(attribute.name()).second) << attribute.name();
        EXPECT_TRUE(rules.required.contains(attribute.name()) ||
                    rules.optional.contains(attribute.name()))
            << node.name() << '@' << attribute.name();
        if (std::string(attribute.name()) == "time") {
            expect_at_most_three_decimals(attribute.value());
        }
    }
    for (const std::string& required : rules.required)
        EXPECT_TRUE(names.contains(required)) << node.name() << '@' << required;
    for (const pugi::xml_node& child : node.children()) {
        if (child.type() != pugi::node_element)
            continue;
        EXPECT_TRUE(rules.children.contains(child.name())) << node.name() << '/' << child.name();
        expect_strict(child);
    }
}

class JunitReporterTest : public testing::Test {
protected:
    FakeSource source_ = sample_source();
    pugi::xml_document document_;

    pugi::xml_node report(JunitDialect dialect = JunitDialect::kLenient) {
        StringSink sink;
        const Status status = write_junit_report(source_, dialect, sink);
        EXPECT_TRUE(status.ok()) << status.error().message;
        const pugi::xml_parse_result parsed = document_.load_buffer(
            sink.text().data(), sink.text().size(),
            pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
        EXPECT_TRUE(parsed) << parsed.description() << " at " << parsed.offset << '\n'
                            << sink.text();
        return document_.child("testsuites");
    }
    static std::vector<std::string> names_of(const pugi::xml_node& suite) {
        std::vector<std::string> names;
        for (const pugi::xml_node& test : suite.children("testcase"))
            names.push_back(std::string(test.attribute("classname").value()) + '|' +
                            test.attribute("name").value());
        return names;
    }
};

TEST_F(JunitReporterTest, HasASuiteAScenarioAndACaseAKindAndAFailure) {
    const pugi::xml_node root = report();
    EXPECT_EQ(std::distance(root.children("testsuite").begin(), root.children("testsuite").end()),
              2);
    const pugi::xml_node suite = root.child("testsuite");
    EXPECT_STREQ(suite.attribute("name").value(), "table-sweep");
    EXPECT_STREQ(suite.attribute("timestamp").value(), "2026-01-02T03:04:05Z");
    EXPECT_THAT(names_of(suite), testing::ElementsAre("table-sweep.once|nth 1..24",
                                                      "table-sweep.persistent|nth 3..4",
                                                      "table-sweep.once|DT1001 9c0f2a7700000001"));
    const pugi::xml_node failed =
        suite.last_child().previous_sibling("testcase").empty()
            ? suite.last_child()
            : suite.find_child_by_attribute("testcase", "name", "DT1001 9c0f2a7700000001");
    EXPECT_STREQ(failed.child("failure").attribute("type").value(), "overflow");
    EXPECT_STREQ(failed.child("failure").attribute("message").value(),
                 samples::finding("").detail.c_str());
    EXPECT_STREQ(failed.child_value("system-out"), "dearth replay 9c0f2a7700000001");
    EXPECT_STREQ(failed.attribute("file").value(), "table.lua");
    EXPECT_EQ(failed.attribute("line").as_int(), 3);
    EXPECT_THAT(std::string(failed.child_value("failure")),
                testing::HasSubstr("made to fail: luaM_malloc_ lmem.c:201 < luaH_resize"));
}

TEST_F(JunitReporterTest, CountsAreThoseOfItsCases) {
    size_t index = source_.add_scenario("broken");
    source_.scenario_list[index].outcome.problem = "the target fails without a fault";
    index = source_.add_scenario("cut");
    source_.scenario_list[index].is_finished = false;
    index = source_.add_scenario("unreached");
    source_.add_trial(index, samples::trial(1, DEARTH_KIND_ONCE, Verdict::kNotReached));
    const pugi::xml_node root = report();
    std::map<std::string, int> totals;
    for (const pugi::xml_node& suite : root.children("testsuite")) {
        std::map<std::string, int> counts;
        for (const pugi::xml_node& test : suite.children("testcase")) {
            ++counts["tests"];
            counts["failures"] += test.child("failure").empty() ? 0 : 1;
            counts["errors"] += test.child("error").empty() ? 0 : 1;
            counts["skipped"] += test.child("skipped").empty() ? 0 : 1;
        }
        for (const auto& [name, count] : counts) {
            EXPECT_EQ(suite.attribute(name.c_str()).as_int(), count) << name;
            totals[name] += count;
        }
    }
    EXPECT_EQ(root.attribute("tests").as_int(), totals["tests"]);
    EXPECT_EQ(root.attribute("failures").as_int(), totals["failures"]);
    EXPECT_EQ(root.attribute("errors").as_int(), totals["errors"]);
    EXPECT_EQ(totals["failures"], 1);
    EXPECT_EQ(totals["errors"], 2);
    EXPECT_EQ(totals["skipped"], 1);
}

TEST_F(JunitReporterTest, WarningsAndKnownFindingsAreNoFailures) {
    const pugi::xml_node suite = report().child("testsuite");
    const pugi::xml_node once = suite.find_child_by_attribute("testcase", "name", "nth 1..24");
    const pugi::xml_node persistent = suite.find_child_by_attribute("testcase", "name", "nth 3..4");
    EXPECT_THAT(once.child_value("system-out"), testing::HasSubstr("known DT2002 hang 77aa0000"));
    EXPECT_THAT(persistent.child_value("system-out"),
                testing::HasSubstr("WARN DT3001 leak 41bb0c0d"));
}

TEST_F(JunitReporterTest, StrictDialectKeepsToTheSchema) {
    const size_t index = source_.add_scenario("broken");
    source_.scenario_list[index].outcome.problem = "no";
    expect_strict(report(JunitDialect::kStrict));
}

TEST_F(JunitReporterTest, AnyBytesGiveWellFormedXml) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    Finding& finding = source_.findings[0][0];
    finding.detail = all + "]]>\xEF\xBF\xBE";
    finding.error_text = all;
    finding.id = all;
    std::memset(finding.script[0].file, 'x', sizeof finding.script[0].file);
    source_.scenario_list[0].name = all;
    source_.facts.start.run_id = all;
    expect_strict(report(JunitDialect::kStrict));
    const std::string name =
        document_.child("testsuites").child("testsuite").attribute("name").value();
    EXPECT_THAT(name, testing::StartsWith("\t\n !\"#$%&'()*"));
}

TEST_F(JunitReporterTest, NamesAreUnique) {
    source_.add_scenario("table-sweep");
    source_.add_scenario("table-sweep");
    std::set<std::string> names;
    for (const pugi::xml_node& suite : report().children("testsuite"))
        EXPECT_TRUE(names.insert(suite.attribute("name").value()).second);
}

TEST(XmlText, DropsWhatXmlCannotSay) {
    EXPECT_EQ(xml_escaped(std::string_view("a\0b\x01\x1b\x7f", 6)), "ab\x7f");
    EXPECT_EQ(xml_escaped("<&>\"'\n\t\r"), "&lt;&amp;&gt;&quot;'&#10;&#9;");
    EXPECT_EQ(xml_escaped("\xff\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(xml_escaped("\xEF\xBF\xBF\xEF\xBF\xBE×"), "×");
}

}  // namespace
}  // namespace dearth::harness
