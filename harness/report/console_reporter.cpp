// Order: the headline, the scenarios, then findings from known ones over warnings to those that
// fail, so that what matters most stands next to the summary, where a terminal stops scrolling.
#include "harness/report/console_reporter.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/report/finding_overview.h"
#include "harness/report/finding_text.h"
#include "harness/report/report_words.h"
#include "harness/report/terminal_text.h"

namespace dearth::harness {
namespace {

constexpr size_t kColumnsMin = 80;

class ConsoleReport {
public:
    ConsoleReport(const RunSource& source, const ConsoleOptions& options, TextSink& sink)
        : source_(source), options_(options), sink_(sink) {
        options_.columns = std::max(options_.columns, kColumnsMin);
    }

    Status write() {
        const Result<RunFacts> run = source_.run();
        if (!run)
            return run.error();
        const Result<std::vector<ScenarioFacts>> scenarios = source_.scenarios();
        if (!scenarios)
            return scenarios.error();
        const Result<FindingOverview> overview = overview_of(source_, scenarios.value());
        if (!overview)
            return overview.error();
        const RunTotals totals = totals_of(scenarios.value());
        write_headline(run.value(), totals);
        for (const ScenarioFacts& facts : scenarios.value())
            write_scenario(facts);
        for (const Disposition disposition :
             {Disposition::kKnown, Disposition::kWarns, Disposition::kFails}) {
            if (Status status = write_findings(scenarios.value(), overview.value(), disposition);
                !status)
                return status;
        }
        write_summary(run.value(), totals, overview.value());
        return sink_.finish();
    }

private:
    std::string style(std::string_view text, Style style) const {
        return styled(text, style, options_.has_color);
    }

    void paragraph(std::string_view text, size_t indent) {
        sink_.write(std::string(indent, ' ') +
                    wrap_pieces(phrases_of(text), " ", options_.columns - indent, options_.columns,
                                indent) +
                    '\n');
    }

    void write_headline(const RunFacts& run, const RunTotals& totals) {
        sink_.write(fmt::format(" {}   run {}   seed {}   {}\n",
                                style("dearth " + printable_text(run.start.version), Style::kBold),
                                printable_text(run.start.run_id), run.start.seed,
                                plural(run.start.jobs, "job")));
        if (totals.sites_seen == 0) {
            sink_.write(" No call site was seen.\n");
            return;
        }
        sink_.write(fmt::format(" {} of {} call sites made to fail ({}%)\n", totals.sites_failed,
                                totals.sites_seen, totals.sites_failed * 100 / totals.sites_seen));
    }

    void write_scenario(const ScenarioFacts& facts) {
        sink_.write(fmt::format(
            "\n {}\n",
            style(cut_to_columns(printable_text(facts.name), options_.columns - 1), Style::kBold)));
        std::string line = fmt::format("{} by {}", plural(facts.outcome.trials, "trial"),
                                       strategy_name(facts.strategy));
        if (facts.outcome.trials > 0)
            line += ": " + verdict_counts_text(facts.outcome.verdicts);
        line +=
            " | sites failed " + sites_text(facts.outcome.sites_failed, facts.outcome.sites_seen);
        paragraph(line, 3);
        if (facts.outcome.unexplored > 0)
            paragraph(
                fmt::format("{} of the plan left out", plural(facts.outcome.unexplored, "point")),
                3);
        if (!facts.baseline.is_repeatable)
            paragraph("not repeatable: " + printable_text(facts.baseline.drift), 3);
        for (const std::string& note : facts.notes)
            paragraph("note: " + printable_text(note), 3);
        if (!facts.outcome.problem.empty())
            write_problem(facts.outcome.problem);
        else if (!facts.is_finished)
            sink_.write("   " + style("interrupted", Style::kYellow) + '\n');
    }

    // All of it: it says what to do next, and quotes the target.
    void write_problem(const std::string& problem) {
        sink_.write("   " + style("could not be judged", Style::kRed) + '\n');
        for (const std::string_view problem_line : split(problem, '\n'))
            paragraph(printable_text(trim(problem_line)), 5);
    }

    Status write_findings(const std::vector<ScenarioFacts>& scenarios,
                          const FindingOverview& overview, Disposition disposition) {
        for (const ScenarioFacts& facts : scenarios) {
            const Status status = source_.for_each_finding(
                facts.scenario_index, [&](const Finding& finding) -> Status {
                    if (finding.disposition == disposition &&
                        overview.leads(finding, facts.scenario_index))
                        write_finding(finding, facts.name, overview);
                    return Done{};
                });
            if (!status)
                return status;
        }
        return Done{};
    }

    void write_finding(Finding finding, const std::string& scenario,
                       const FindingOverview& overview) {
        const FindingEntry& entry = overview.entries.at(finding.id);
        FindingContext context;
        context.id_digits = overview.id_digits;
        for (const std::string& name : entry.scenarios) {
            if (name != scenario)
                context.other_scenarios.push_back(name);
        }
        context.followers = entry.followers;
        finding.trial_count = entry.trial_count;
        sink_.write('\n' + finding_text(finding, context, options_));
    }

    void write_summary(const RunFacts& run, const RunTotals& totals,
                       const FindingOverview& overview) {
        const auto count = [&](Disposition disposition) -> uint64_t {
            const auto place = overview.counts.find(disposition);
            return place == overview.counts.end() ? 0 : place->second;
        };
        std::string line = "Summary";
        if (run.finish)
            line += fmt::format(" [{}]", seconds_text(run.finish->wall_s));
        line += ' ' + plural(totals.trials, "trial");
        if (totals.trials > 0)
            line += ": " + verdict_counts_text(totals.verdicts);
        line += " | sites failed " + sites_text(totals.sites_failed, totals.sites_seen);
        line += fmt::format(" | {} fail, {} warn, {} known", count(Disposition::kFails),
                            count(Disposition::kWarns), count(Disposition::kKnown));
        sink_.write("\n");
        paragraph(line, 1);
        write_gate(run, totals, count(Disposition::kFails), overview);
    }

    // The last line: what the exit code says, in words. Green only when something was tested, all
    // of it, and the run says so itself.
    void write_gate(const RunFacts& run, const RunTotals& totals, uint64_t failing,
                    const FindingOverview& overview) {
        const int exit_code = run.finish ? run.finish->exit_code : -1;
        if (failing > 0) {
            std::vector<std::string_view> names;
            for (const Verdict verdict : overview.failing)
                names.push_back(verdict_name(verdict));
            sink_.write(' ' +
                        style(fmt::format("{} the gate ({}).",
                                          plural(failing, "finding fails", "findings fail"),
                                          join(names, ", ")),
                              Style::kRed) +
                        '\n');
        }
        if (run.is_interrupted())
            sink_.write(
                ' ' + style("The run was interrupted: --resume goes on with it.", Style::kYellow) +
                '\n');
        else if (totals.problems > 0)
            sink_.write(
                ' ' +
                style(plural(totals.problems, "scenario") + " could not be judged.", Style::kRed) +
                '\n');
        else if (!totals.has_injected())
            sink_.write(' ' +
                        style("Nothing was injected: this run says nothing about the target.",
                              Style::kRed) +
                        '\n');
        else if (failing == 0 && exit_code == 0)
            sink_.write(' ' + style("No finding fails the gate.", Style::kGreen) + '\n');
        if (run.finish && exit_code > 1 && exit_code != 130 && !run.finish->exit_reason.empty())
            paragraph(
                fmt::format("Exit {}: {}", exit_code, printable_text(run.finish->exit_reason)), 1);
    }

    const RunSource& source_;
    ConsoleOptions options_;
    TextSink& sink_;
};

}  // namespace

Status write_console_report(const RunSource& source, const ConsoleOptions& options,
                            TextSink& sink) {
    return ConsoleReport(source, options, sink).write();
}

}  // namespace dearth::harness
