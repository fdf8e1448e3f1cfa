// A suite is made whole before it is written, because its counts stand in its first tag. What is
// kept of the trials is a few numbers a kind.
#include "harness/report/junit_reporter.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "harness/report/report_words.h"
#include "harness/report/xml_text.h"

namespace dearth::harness {
namespace {

constexpr size_t kFramesShown = 8;
constexpr size_t kIdDigits = 8;

struct KindTrials {
    uint64_t trials = 0;
    uint64_t not_reached = 0;
    uint64_t elapsed_us = 0;
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;
    bool is_by_seed = false;
    std::string notes;  // warnings and known findings, a line each
};

struct Suite {
    std::string cases;
    uint64_t tests = 0;
    uint64_t failures = 0;
    uint64_t errors = 0;
    uint64_t skipped = 0;
    double seconds = 0;
};

std::string seconds_attribute(double seconds) {
    return xml_attribute("time", fmt::format("{:.3f}", seconds));
}

std::string frames_line(std::string_view label, const std::vector<SymbolFrame>& frames) {
    size_t left_out = 0;
    std::string text;
    for (const std::string& frame : useful_frames(frames, kFramesShown, left_out))
        text += (text.empty() ? "" : " < ") + frame;
    if (text.empty())
        return {};
    return fmt::format("{}: {}{}\n", label, text, left_out > 0 ? " < ..." : "");
}

std::string failure_text(const Finding& finding) {
    std::string text = finding.detail + '\n';
    text += fmt::format("{}, {}, {} trials\n", point_text(finding.point),
                        confirmation_text(finding), finding.trial_count);
    text += "request: " + request_text(finding.request) + '\n';
    text += frames_line("made to fail", finding.injected);
    text += frames_line("found at", finding.detected);
    text += frames_line("block made", finding.allocated);
    text += frames_line("block freed", finding.freed);
    for (const dearth_script_frame& frame : finding.script)
        text += "script: " + script_text(frame) + '\n';
    if (!finding.error_text.empty())
        text += "target said: " + finding.error_text + '\n';
    return text;
}

class JunitReport {
public:
    JunitReport(const RunSource& source, JunitDialect dialect, TextSink& sink)
        : source_(source), dialect_(dialect), sink_(sink) {}

    Status write() {
        const Result<RunFacts> run = source_.run();
        if (!run)
            return run.error();
        const Result<std::vector<ScenarioFacts>> scenarios = source_.scenarios();
        if (!scenarios)
            return scenarios.error();
        Suite total;
        std::string suites;
        for (const ScenarioFacts& facts : scenarios.value()) {
            Suite suite;
            const std::string name = unique_name(facts);
            if (Status status = fill(suite, name, facts); !status)
                return status;
            suites += suite_text(suite, name, run.value());
            total.tests += suite.tests;
            total.failures += suite.failures;
            total.errors += suite.errors;
            total.seconds += suite.seconds;
        }
        sink_.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dearth\"");
        sink_.write(count_attributes(total) + seconds_attribute(total.seconds) + ">\n");
        sink_.write(suites);
        sink_.write("</testsuites>\n");
        return sink_.finish();
    }

private:
    // Readers take two testcases of one name for one, so scenarios of one name get their file.
    std::string unique_name(const ScenarioFacts& facts) {
        if (names_.insert(facts.name).second)
            return facts.name;
        std::string name = fmt::format("{} ({})", facts.name, facts.file);
        for (int i = 2; !names_.insert(name).second; ++i)
            name = fmt::format("{} ({} {})", facts.name, facts.file, i);
        return name;
    }

    static std::string count_attributes(const Suite& suite) {
        return fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\"", suite.tests,
                           suite.failures, suite.errors);
    }

    static std::string suite_text(const Suite& suite, const std::string& name,
                                  const RunFacts& run) {
        return fmt::format(
            " <testsuite{}{} skipped=\"{}\"{}{}>\n  <properties>"
            "<property name=\"seed\" value=\"{}\"/><property name=\"run\"{}/></properties>\n"
            "{} </testsuite>\n",
            xml_attribute("name", name), count_attributes(suite), suite.skipped,
            seconds_attribute(suite.seconds),
            xml_attribute("timestamp", utc_text(run.start.started_unix_ms)), run.start.seed,
            xml_attribute("value", run.start.run_id), suite.cases);
    }

    std::string place_attributes(std::string_view file, int line) const {
        if (dialect_ == JunitDialect::kStrict || file.empty())
            return {};
        return xml_attribute("file", file) +
               (line > 0 ? xml_attribute("line", std::to_string(line)) : std::string());
    }

    Status fill(Suite& suite, const std::string& name, const ScenarioFacts& facts) {
        std::map<std::string, KindTrials> kinds;
        Status status =
            source_.for_each_trial(facts.scenario_index, [&](const TrialFinished& trial) -> Status {
                KindTrials& kind = kinds[sweep_kind_text(trial.point.kind)];
                const uint64_t number =
                    trial.point.ordinal != 0 ? trial.point.ordinal : trial.point.seed;
                kind.is_by_seed = trial.point.ordinal == 0;
                kind.first = std::min(kind.first, number);
                kind.last = std::max(kind.last, number);
                kind.elapsed_us += trial.elapsed_us;
                kind.not_reached += trial.verdict == Verdict::kNotReached ? 1 : 0;
                ++kind.trials;
                return Done{};
            });
        if (!status)
            return status;
        std::string findings;
        status =
            source_.for_each_finding(facts.scenario_index, [&](const Finding& finding) -> Status {
                const std::string kind = sweep_kind_text(finding.point.kind);
                if (finding.disposition == Disposition::kFails)
                    add_failure(suite, findings, name, facts, finding);
                else
                    kinds[kind].notes += note_text(finding);
                return Done{};
            });
        if (!status)
            return status;
        add_problem(suite, name, facts);
        for (const auto& [kind, trials] : kinds)
            add_kind(suite, name, facts, kind, trials);
        suite.cases += findings;
        return Done{};
    }

    static std::string note_text(const Finding& finding) {
        const VerdictRow& row = verdict_row(finding.verdict);
        return fmt::format("{} {} {} {} {}: {}{}\n", disposition_label(finding.disposition),
                           row.rule, row.name, finding.id.substr(0, kIdDigits),
                           point_text(finding.point), finding.detail,
                           finding.known_reason.empty() ? "" : " (" + finding.known_reason + ")");
    }

    void add_problem(Suite& suite, const std::string& name, const ScenarioFacts& facts) {
        const bool is_judged = facts.outcome.problem.empty();
        if (is_judged && facts.is_finished)
            return;
        ++suite.tests;
        ++suite.errors;
        const std::string message =
            is_judged ? "the run ended before all trials of this scenario" : facts.outcome.problem;
        suite.cases +=
            fmt::format("  <testcase{}{}{}{}>\n   <error{}{}>{}</error>\n  </testcase>\n",
                        xml_attribute("classname", name), xml_attribute("name", "scenario"),
                        seconds_attribute(0), place_attributes(facts.file, 0),
                        xml_attribute("type", is_judged ? "incomplete" : "not-judged"),
                        xml_attribute("message", message), xml_escaped(facts.baseline.err));
    }

    void add_kind(Suite& suite, const std::string& name, const ScenarioFacts& facts,
                  const std::string& kind, const KindTrials& trials) {
        ++suite.tests;
        const double seconds = static_cast<double>(trials.elapsed_us) / 1e6;
        suite.seconds += seconds;
        std::string content;
        if (trials.trials == trials.not_reached) {
            ++suite.skipped;
            content += "   <skipped/>\n";
        }
        if (!trials.notes.empty())
            content += "   <system-out>" + xml_escaped(trials.notes) + "</system-out>\n";
        const std::string range = trials.trials == 0
                                      ? "none"
                                      : fmt::format("{} {}..{}", trials.is_by_seed ? "seed" : "nth",
                                                    trials.first, trials.last);
        suite.cases +=
            fmt::format("  <testcase{}{}{}{}", xml_attribute("classname", name + "." + kind),
                        xml_attribute("name", range), seconds_attribute(seconds),
                        place_attributes(facts.file, 0));
        suite.cases += content.empty() ? "/>\n" : ">\n" + content + "  </testcase>\n";
    }

    void add_failure(Suite& suite, std::string& cases, const std::string& name,
                     const ScenarioFacts& facts, const Finding& finding) {
        ++suite.tests;
        ++suite.failures;
        const VerdictRow& row = verdict_row(finding.verdict);
        std::string place = place_attributes(facts.file, 0);
        if (!finding.script.empty() && finding.script.front().line > 0) {
            dearth_script_frame frame = finding.script.front();
            frame.file[sizeof frame.file - 1] = '\0';
            place = place_attributes(frame.file, frame.line);
        }
        cases += fmt::format(
            "  <testcase{}{}{}{}>\n   <failure{}{}>{}</failure>\n"
            "   <system-out>{}</system-out>\n  </testcase>\n",
            xml_attribute("classname", name + "." + sweep_kind_text(finding.point.kind)),
            xml_attribute("name", fmt::format("{} {}", row.rule, finding.id)), seconds_attribute(0),
            place, xml_attribute("type", row.name), xml_attribute("message", finding.detail),
            xml_escaped(failure_text(finding)), xml_escaped("dearth replay " + finding.id));
    }

    const RunSource& source_;
    JunitDialect dialect_;
    TextSink& sink_;
    std::set<std::string> names_;
};

}  // namespace

Status write_junit_report(const RunSource& source, JunitDialect dialect, TextSink& sink) {
    return JunitReport(source, dialect, sink).write();
}

}  // namespace dearth::harness
