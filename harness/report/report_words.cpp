// Plain text made of facts; no layout and no colour.
#include "harness/report/report_words.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "dearth/schedule.h"
#include "harness/base/text.h"

namespace dearth::harness {
namespace {

constexpr std::array<std::string_view, 5> kStartUpFunctions = {
    "_start", "__libc_start_main", "__libc_start_call_main", "__libc_start_main_impl",
    "__libc_start_main@@GLIBC_2.34"};

bool is_start_up(const SymbolFrame& frame) {
    return std::find(kStartUpFunctions.begin(), kStartUpFunctions.end(), frame.function) !=
           kStartUpFunctions.end();
}

// An array that the target filled: its end may be missing.
template <size_t kBytes>
std::string bounded(const char (&text)[kBytes]) {
    const std::string_view whole(text, kBytes);
    return std::string(whole.substr(0, whole.find('\0')));
}

void append_count(std::string& text, uint64_t count, std::string_view name) {
    if (count == 0)
        return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
}

}  // namespace

std::string verdict_counts_text(const VerdictCounts& counts) {
    std::string text;
    const auto append = [&](Verdict verdict) {
        append_count(text, counts[static_cast<size_t>(verdict)], verdict_name(verdict));
    };
    append(Verdict::kHandled);
    append(Verdict::kUnaffected);
    for (const VerdictRow& row : verdict_rows()) {
        if (row.verdict != Verdict::kHandled && row.verdict != Verdict::kUnaffected)
            append(row.verdict);
    }
    return text;
}

std::string point_text(const TrialPoint& point) {
    const std::string kind = sweep_kind_text(point.kind);
    if (point.ordinal != 0)
        return fmt::format("nth={} {}", point.ordinal, kind);
    if (point.occurrence != 0)
        return fmt::format("occurrence={} {}", point.occurrence, kind);
    return fmt::format("seed={} {}", point.seed, kind);
}

std::string request_text(const dearth_request& request) {
    const char* op = dearth_op_name(request.op);
    std::string text = fmt::format("{}({})", op != nullptr ? op : "request", request.size_bytes);
    if (request.align_bytes > 16)
        text += fmt::format(" aligned to {}", request.align_bytes);
    return text;
}

std::string sites_text(uint64_t failed, uint64_t seen) {
    if (seen == 0)
        return fmt::format("{}/{}", failed, seen);
    return fmt::format("{}/{} ({}%)", failed, seen, failed * 100 / seen);
}

std::string seconds_text(double seconds) {
    if (seconds < 60)
        return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<uint64_t>(seconds);
    if (whole < 3'600)
        return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3'600, whole % 3'600 / 60);
}

std::string utc_text(uint64_t unix_ms) {
    using namespace std::chrono;
    // A damaged file must not turn into a year of ten digits.
    constexpr uint64_t kLastMs = 253'402'300'799'000;
    const sys_seconds time{seconds{std::min(unix_ms, kLastMs) / 1'000}};
    const sys_days day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string script_place(const dearth_script_frame& frame) {
    if (frame.line <= 0)
        return bounded(frame.file);
    return fmt::format("{}:{}", bounded(frame.file), frame.line);
}

std::string script_text(const dearth_script_frame& frame) {
    const std::string function = bounded(frame.function);
    return function.empty() ? script_place(frame)
                            : fmt::format("{} in {}", script_place(frame), function);
}

std::string_view disposition_label(Disposition disposition) {
    switch (disposition) {
        case Disposition::kFails:
            return "FAIL";
        case Disposition::kWarns:
            return "WARN";
        case Disposition::kKnown:
            return "known";
    }
    return "";
}

std::string confirmation_text(const Finding& finding) {
    if (finding.replays <= 1)
        return "not confirmed";
    return fmt::format("{} {}/{}", finding.is_flaky() ? "flaky" : "confirmed",
                       finding.replays_agreeing, finding.replays);
}

std::vector<std::string> useful_frames(const std::vector<SymbolFrame>& frames, size_t frame_count,
                                       size_t& left_out) {
    size_t end = frames.size();
    const auto is_useless = [&](const SymbolFrame& frame) {
        return is_start_up(frame) || frame.function.empty();
    };
    while (end > 0 && is_useless(frames[end - 1]))
        --end;
    // Nothing has a name: addresses are better than nothing.
    if (end == 0)
        end = frames.size();
    left_out = end - std::min(end, frame_count);
    std::vector<std::string> texts;
    for (size_t i = 0; i < end - left_out; ++i)
        texts.push_back(printable_text(frame_text(frames[i])));
    return texts;
}

bool RunTotals::has_injected() const {
    return trials > verdicts[static_cast<size_t>(Verdict::kNotReached)];
}

RunTotals totals_of(const std::vector<ScenarioFacts>& scenarios) {
    RunTotals totals;
    for (const ScenarioFacts& facts : scenarios) {
        const ScenarioFinished& outcome = facts.outcome;
        for (size_t i = 0; i < totals.verdicts.size(); ++i)
            totals.verdicts[i] += outcome.verdicts[i];
        totals.trials += outcome.trials;
        totals.sites_seen += outcome.sites_seen;
        totals.sites_failed += outcome.sites_failed;
        totals.unexplored += outcome.unexplored;
        totals.problems += outcome.problem.empty() ? 0 : 1;
    }
    return totals;
}

}  // namespace dearth::harness
