// Everything shown is computed from counts and the clock when it is drawn; between two drawings an
// event costs an addition. Only two control sequences are used: return, and clear to the end of
// the line.
#include "harness/report/live_display.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/report/finding_text.h"
#include "harness/report/report_words.h"
#include "harness/report/terminal_text.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kRedrawMs = 100;
constexpr uint64_t kPlainLineMs = 10'000;
constexpr size_t kColumnsUnknown = 80;
constexpr size_t kBarColumnsMax = 30;
constexpr size_t kBarColumnsMin = 8;
constexpr std::string_view kClearLine = "\r\x1b[K";

std::string bar_text(uint64_t done, uint64_t planned, size_t columns) {
    const size_t inner = columns - 2;
    const auto share = static_cast<double>(done) / static_cast<double>(planned);
    const size_t filled = std::min(inner, static_cast<size_t>(share * static_cast<double>(inner)));
    std::string text = "[";
    for (size_t i = 0; i < inner; ++i)
        text += i < filled ? "█" : "·";
    return text + "]";
}

std::string rate_text(double per_second) {
    return per_second < 10 ? fmt::format("{:.1f}/s", per_second)
                           : fmt::format("{:.0f}/s", per_second);
}

}  // namespace

LiveDisplay::LiveDisplay(const LiveOptions& options, Clock clock, TextSink& sink)
    : options_(options), clock_(std::move(clock)), sink_(sink) {
    set_columns(options.columns);
}

void LiveDisplay::set_columns(size_t columns) {
    // The last column stays free: some terminals wrap as soon as it is written to.
    room_ = columns == 0 ? kColumnsUnknown - 1 : columns - 1;
}

LiveDisplay::~LiveDisplay() {
    clear_bar();
}

Status LiveDisplay::consume(const SweepEvent& event) {
    std::visit([this](const auto& fact) { show(fact); }, event);
    return Done{};
}

void LiveDisplay::tick() {
    redraw();
}

void LiveDisplay::show(const ScenarioStarted& event) {
    for (const std::string& warning : event.warnings)
        print_line("note: " + printable_text(warning));
    Progress progress;
    progress.name = event.scenario != nullptr ? printable_text(event.scenario->name) : "";
    progress.planned = event.planned_trials;
    progress.resumed = event.resumed_trials;
    progress.started_ms = clock_();
    if (!options_.is_terminal) {
        std::string line =
            fmt::format("{}: {} by {}, {} of {} requests selected, {}", progress.name,
                        plural(event.planned_trials, "trial"), strategy_name(event.strategy),
                        event.baseline.selected, event.baseline.requests,
                        plural(event.baseline.sites_seen, "call site"));
        if (event.resumed_trials > 0)
            line += fmt::format(", {} finished before", event.resumed_trials);
        print_line(line);
        last_shown_ms_ = progress.started_ms;
    }
    running_[event.scenario_index] = std::move(progress);
    redraw();
}

void LiveDisplay::show(const TrialFinished& event) {
    const auto place = running_.find(event.scenario_index);
    if (place != running_.end())
        ++place->second.finished;
    redraw();
}

void LiveDisplay::show(const FindingSeen& event) {
    const auto place = running_.find(event.scenario_index);
    if (!event.is_new)
        return;
    if (place != running_.end())
        ++place->second.findings;
    if (!options_.is_terminal)
        return;
    const Finding& finding = event.finding;
    const std::string tail = fmt::format("  [{}]  {}", printable_text(finding.id.substr(0, 8)),
                                         printable_text(finding.detail));
    const size_t headline_columns = column_count(finding_headline(finding, false));
    // Escape sequences cannot be cut: what does not fit is cut without colours.
    if (headline_columns > room_)
        print_line(cut_to_columns(finding_headline(finding, false), room_));
    else
        print_line(finding_headline(finding, options_.has_color) +
                   cut_to_columns(tail, room_ - headline_columns));
    redraw();
}

void LiveDisplay::show(const ScenarioFinished& event) {
    const auto place = running_.find(event.scenario_index);
    if (place == running_.end())
        return;
    const Progress progress = std::move(place->second);
    running_.erase(place);
    if (!options_.is_terminal) {
        const double seconds = static_cast<double>(clock_() - progress.started_ms) / 1'000;
        std::string line = fmt::format("{}: ", progress.name);
        if (!event.problem.empty())
            // Its other lines come with the report.
            line += "could not be judged: " +
                    printable_text(event.problem.substr(0, event.problem.find('\n')));
        else
            line += fmt::format("{} in {}: {}; sites failed {}; {}", plural(event.trials, "trial"),
                                seconds_text(seconds), verdict_counts_text(event.verdicts),
                                sites_text(event.sites_failed, event.sites_seen),
                                plural(progress.findings, "finding"));
        print_line(line);
        last_shown_ms_ = clock_();
    }
    clear_bar();
    redraw();
}

void LiveDisplay::show(const RunFinished&) {
    running_.clear();
    clear_bar();
}

std::string LiveDisplay::facts_text(const Progress& progress, uint64_t now_ms) {
    const uint64_t done = progress.resumed + progress.finished;
    std::string text =
        progress.planned > 0 ? fmt::format("{}/{}", done, progress.planned) : plural(done, "trial");
    const double seconds = static_cast<double>(now_ms - progress.started_ms) / 1'000;
    if (seconds > 0 && progress.finished > 0) {
        const double rate = static_cast<double>(progress.finished) / seconds;
        text += "  " + rate_text(rate);
        if (progress.planned > done)
            text += "  ETA " + seconds_text(static_cast<double>(progress.planned - done) / rate);
    }
    return text + "  " + plural(progress.findings, "finding");
}

std::string LiveDisplay::bar_line(const Progress& progress, uint64_t now_ms) const {
    const std::string facts = facts_text(progress, now_ms);
    const size_t facts_columns = column_count(facts);
    // The numbers matter more than the name, the name more than the bar.
    if (facts_columns + 2 >= room_)
        return cut_to_columns(facts, room_);
    const std::string name = cut_to_columns(progress.name, room_ - facts_columns - 2);
    const size_t used = column_count(name) + 2 + facts_columns;
    if (progress.planned == 0 || used + 2 + kBarColumnsMin > room_)
        return name + "  " + facts;
    const size_t bar = std::min(kBarColumnsMax, room_ - used - 2);
    return fmt::format("{}  {}  {}", name,
                       bar_text(progress.resumed + progress.finished, progress.planned, bar),
                       facts);
}

void LiveDisplay::redraw() {
    if (running_.empty())
        return;
    const uint64_t now_ms = clock_();
    const uint64_t pause_ms = options_.is_terminal ? kRedrawMs : kPlainLineMs;
    if (last_shown_ms_ && now_ms - *last_shown_ms_ < pause_ms)
        return;
    last_shown_ms_ = now_ms;
    const Progress& progress = running_.rbegin()->second;
    if (!options_.is_terminal) {
        print_line(fmt::format("{}: {}", progress.name, facts_text(progress, now_ms)));
        return;
    }
    sink_.write(std::string(kClearLine) + bar_line(progress, now_ms));
    static_cast<void>(sink_.finish());
    is_bar_shown_ = true;
}

void LiveDisplay::clear_bar() {
    if (!is_bar_shown_)
        return;
    sink_.write(kClearLine);
    static_cast<void>(sink_.finish());
    is_bar_shown_ = false;
}

void LiveDisplay::print_line(const std::string& line) {
    clear_bar();
    sink_.write(line + '\n');
    static_cast<void>(sink_.finish());
}

}  // namespace dearth::harness
