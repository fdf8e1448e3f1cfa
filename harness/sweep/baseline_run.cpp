#include "harness/sweep/baseline_run.h"

#include <poll.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "harness/oracle/oracle.h"
#include "harness/triage/stack_trim.h"
#include "harness/triage/symbolizer.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kGraceMs = 2000;
constexpr int kPollMs = 50;
constexpr size_t kQuotedBytes = 600;
constexpr size_t kQuotedFrames = 4;

struct OneRun {
    TrialRecord record;
    BaselineResult result;
    uint64_t signature = 0;
    uint64_t lost_requests = 0;
};

// Waits for the end, at most the deadline and a grace. False: it had to be killed.
bool wait_for_end(TargetRun& run, uint64_t deadline_ms, bool (*should_stop)()) {
    for (;;) {
        pollfd wait = {run.process().exit_fd(), POLLIN, 0};
        if (poll(&wait, 1, kPollMs) > 0)
            return true;
        if (should_stop() || run.elapsed_ms() > deadline_ms + kGraceMs) {
            run.process().kill_group();
            return false;
        }
    }
}

std::string tail_of(const std::string& text) {
    const std::string_view view = text;
    const auto cut = view.size() > kQuotedBytes ? view.substr(view.size() - kQuotedBytes) : view;
    return std::string(cut);
}

std::string indented(const std::string& text) {
    std::string result;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        result += "\n  | " + text.substr(at, end - at);
        at = end + 1;
    }
    return result;
}

std::string stack_line(std::string_view label, const dearth_stack& stack, const ModuleList& modules,
                       FrameSource& source) {
    std::string line;
    const std::vector<SymbolFrame> frames =
        people_frames(resolve_stack(stack, modules.modules(), source));
    for (size_t i = 0; i < std::min(frames.size(), kQuotedFrames); ++i)
        line += (i == 0 ? "" : " < ") + frame_text(frames[i]);
    return line.empty() ? line : fmt::format("\n    {} {}", label, line);
}

// Each misuse with the places that a person needs to mend it.
std::string misuse_lines(const dearth_trial_slot& slot, const ModuleList& modules) {
    Symbolizer symbolizer;
    std::string lines;
    const OracleAnswer answer = misuse_answer(slot);
    if (answer.standing)
        lines += "\n  " + answer.standing->detail;
    for (const Accusation& misuse : answer.accusations) {
        lines += fmt::format("\n  {}: {}", verdict_name(misuse.verdict), misuse.detail);
        lines += stack_line("found at", misuse.detected, modules, symbolizer);
        lines += stack_line("block made", misuse.allocated, modules, symbolizer);
        lines += stack_line("block freed", misuse.freed, modules, symbolizer);
    }
    return lines;
}

Error baseline_error(const Scenario& scenario, const std::string& why, const TrialRecord& record,
                     const ModuleList& modules) {
    std::string message =
        fmt::format("sweep {}: the target fails without any fault: {}", scenario.name, why);
    message += misuse_lines(record.slot, modules);
    if (const std::string said = tail_of(record.err); !said.empty())
        message += "\n  standard error:" + indented(said);
    return {ErrorClass::kBaseline, message,
            record.slot.misuse_count > 0
                ? "mend that first, or it would be found at every point; nothing was injected"
            : scenario.target.engine == Engine::kExec
                ? "make it end well by itself first, or say with expect.baseline.exit what its "
                  "status should be; nothing was injected"
                : "make the script end well by itself first; nothing was injected"};
}

std::string_view step_word(size_t step) {
    constexpr std::string_view kWords[] = {"open", "run", "close", "run again", "fresh run"};
    return kWords[step];
}

// A program says with its exit status how it ended.
std::string failed_program(const Scenario& scenario, const dearth_trial_slot& slot) {
    const int wanted = scenario.expect.baseline_exit;
    if (slot.end_code == wanted)
        return {};
    std::string why = fmt::format("it exits with status {}", slot.end_code);
    return wanted != 0 ? fmt::format("{}, not {} (expect.baseline.exit)", why, wanted) : why;
}

// Why the run cannot serve as a baseline; empty when it can.
std::string failure_of(const Scenario& scenario, const OneRun& run, const ControlPage& page,
                       uint64_t deadline_ms) {
    const dearth_trial_slot& slot = run.record.slot;
    const dearth_control_header& header = page.header();
    if (const std::string defect = page.defect(); !defect.empty())
        return defect;
    if (header.run_state == DEARTH_RUN_REFUSED)
        return bounded_text(header.refusal, sizeof header.refusal);
    if (slot.end == DEARTH_END_DEADLINE)
        return fmt::format("it did not end within {} ms (limits.timeout)", deadline_ms);
    if (slot.end == DEARTH_END_SIGNALED)
        return fmt::format("it died of signal {} ({})", slot.end_code, strsignal(slot.end_code));
    if (slot.end != DEARTH_END_FINISHED && header.run_state == DEARTH_RUN_NEW)
        return fmt::format("it left with status {} before it attached the control page",
                           slot.end_code);
    if (slot.misuse_count > 0)
        return "it misuses the heap";
    if (scenario.target.engine == Engine::kExec)
        return failed_program(scenario, slot);
    for (size_t step = 0; step < DEARTH_STEP_COUNT; ++step) {
        const dearth_step_result& result = slot.steps[step];
        if (result.status == DEARTH_STATUS_ERROR || result.status == DEARTH_STATUS_ERROR_UNSET)
            return fmt::format("{}: {}: {}", step_word(step),
                               bounded_text(result.kind, sizeof result.kind),
                               bounded_text(result.message, sizeof result.message));
    }
    if (slot.end != DEARTH_END_FINISHED)
        return fmt::format("it left early with status {}", slot.end_code);
    return {};
}

void read_requests(const ControlReader& reader, OneRun& run) {
    std::unordered_set<uint64_t> distinct;
    const uint64_t count = reader.stream_count();
    for (uint64_t i = 0; i < count; ++i) {
        const dearth_stream_entry entry = reader.stream_entry(i);
        if (entry.is_selected == 0)
            continue;
        run.result.selected.sites.push_back(entry.site);
        distinct.insert(entry.site);
    }
    run.result.baseline.sites_seen = distinct.size();
    for (uint64_t i = 0; i < reader.leftover_count(); ++i)
        run.result.leftovers.push_back(reader.leftover(i));
}

// `misuses`, if asked for: how many were found, also when the run fails.
Result<OneRun> run_once(const TargetSetup& setup, ModuleList& modules, bool (*should_stop)(),
                        uint32_t* misuses) {
    auto started = TargetRun::start_baseline(setup);
    if (!started)
        return started.error();
    TargetRun target = started.take();
    const bool ended = wait_for_end(target, setup.deadline_ms, should_stop);
    OneRun run;
    const uint64_t elapsed_ms = target.elapsed_ms();
    const ExitReport exit = target.finish();
    ModuleList::Translation translation(modules);
    run.record = target.read_slot(0, translation, exit);
    if (!ended)
        run.record.slot.end = DEARTH_END_DEADLINE;
    if (misuses != nullptr)
        *misuses += run.record.slot.misuse_count;
    if (setup.scenario->target.engine == Engine::kExec) {
        if (Status seen = check_injector(setup, target.page(), run.record); !seen)
            return seen.error();
    }
    if (const std::string why = failure_of(*setup.scenario, run, target.page(), setup.deadline_ms);
        !why.empty())
        return baseline_error(*setup.scenario, why, run.record, modules);
    const ControlReader reader = target.page().reader();
    const dearth_control_header& header = reader.header();
    read_requests(reader, run);
    run.signature = header.stream_signature;
    run.lost_requests = header.stream.lost;
    run.result.threads = std::max<uint32_t>(header.threads_seen, 1);
    run.result.has_children = header.children_seen != 0;
    run.result.has_shared_descriptors = header.shared_descriptors != 0;
    run.result.page_way = header.page_way;
    run.result.cpu_s = exit.cpu_s;
    Baseline& baseline = run.result.baseline;
    baseline.slot = run.record.slot;
    baseline.out = run.record.out;
    baseline.err = run.record.err;
    baseline.requests = header.requests;
    baseline.selected = header.selected;
    baseline.elapsed_ms = elapsed_ms;
    baseline.engine_version = bounded_text(header.engine_version, sizeof header.engine_version);
    return run;
}

// What the script's own run wrote, without the checks that come after it.
std::string output_of_run(const TrialRecord& record) {
    const dearth_step_result& run = record.slot.steps[DEARTH_STEP_RUN];
    const uint64_t begin = std::min<uint64_t>(run.out_begin, record.out.size());
    const uint64_t end = std::clamp<uint64_t>(run.out_end, begin, record.out.size());
    return record.out.substr(begin, end - begin);
}

// What differs between two runs that should be equal; empty: nothing.
std::string drift_between(const OneRun& first, const OneRun& second) {
    const Baseline& a = first.result.baseline;
    const Baseline& b = second.result.baseline;
    if (a.out != b.out)
        return "standard output";
    if (a.requests != b.requests)
        return fmt::format("number of requests ({} and {})", a.requests, b.requests);
    if (first.signature != second.signature)
        return "call sites or sizes of requests";
    return {};
}

Result<BaselineResult> run_twice(const TargetSetup& setup, ModuleList& modules,
                                 bool (*should_stop)(), uint32_t* misuses) {
    auto first = run_once(setup, modules, should_stop, misuses);
    if (!first)
        return first.error();
    auto second = run_once(setup, modules, should_stop, misuses);
    if (!second)
        return second.error();
    std::string drift = drift_between(first.value(), second.value());
    BaselineResult result = std::move(first.value().result);
    result.baseline.drift = std::move(drift);
    result.baseline.is_repeatable = result.baseline.drift.empty();
    result.cpu_s += second.value().result.cpu_s;
    if (first.value().lost_requests > 0)
        return Error{
            ErrorClass::kInternal,
            fmt::format("sweep {}: the baseline makes {} requests more than dearth records",
                        setup.scenario->name, first.value().lost_requests),
            "use a shorter script"};
    const auto& wanted = setup.scenario->expect.baseline_output;
    if (wanted && output_of_run(first.value().record) != *wanted)
        return baseline_error(*setup.scenario, "its standard output is not expect.baseline.stdout",
                              first.value().record, modules);
    return result;
}

// Why pages guard less than all; empty: they do, or none were asked for.
std::string page_note(const Scenario& scenario, uint32_t page_way) {
    if (!scenario.guard.is_on || scenario.guard.way == GuardWay::kBytes)
        return {};
    if (page_way == DEARTH_PAGES_PROTECTION)
        return "page guard by mprotect, this kernel has no MADV_GUARD_INSTALL (Linux 6.13): where "
               "very many blocks live at once, a sample of them has pages";
    if (page_way != DEARTH_PAGES_ADVICE)
        return "page guard: no pages could be had, so that guard bytes alone watch; raise the "
               "limit on address space (ulimit -v)";
    return {};
}

}  // namespace

Status check_injector(const TargetSetup& setup, const ControlPage& page,
                      const TrialRecord& record) {
    const dearth_control_header& header = page.header();
    const dearth_trial_slot& slot = record.slot;
    const bool has_attached = header.run_state != DEARTH_RUN_NEW;
    if (!page.defect().empty() || slot.end == DEARTH_END_DEADLINE ||
        header.run_state == DEARTH_RUN_REFUSED || (has_attached && header.requests > 0))
        return Done{};  // another matter, or none
    const std::string subject =
        fmt::format("sweep {}: the injector is shadowed: ", setup.scenario->name);
    const std::string end = slot.end == DEARTH_END_SIGNALED
                                ? fmt::format("died of signal {}", slot.end_code)
                                : fmt::format("ended with status {}", slot.end_code);
    std::string message;
    if (!has_attached)
        message = fmt::format("{}{} {} before {} was heard of", subject, setup.program.start.path,
                              end, setup.program.preload);
    else if (header.shadowed_by[0] != '\0')
        message = fmt::format("{}the malloc of {} comes before dearth's", subject,
                              bounded_text(header.shadowed_by, sizeof header.shadowed_by));
    else
        message =
            fmt::format("{}{} {} and no request came by", subject, setup.program.start.path, end);
    if (const std::string said = tail_of(record.err); !said.empty())
        message += "\n  standard error:" + indented(said);
    return Error{ErrorClass::kNothing, message,
                 "is it a wrapper that starts the real program? then name that one; else link it "
                 "without an allocator of its own"};
}

Result<BaselineResult> run_baseline(TargetSetup& setup, ModuleList& modules,
                                    bool (*should_stop)()) {
    const Guard& guard = setup.scenario->guard;
    auto settled = run_twice(setup, modules, should_stop, nullptr);
    if (!settled)
        return settled;
    BaselineResult result = settled.take();
    if (const std::string note = page_note(*setup.scenario, result.page_way); !note.empty())
        result.notes.push_back(note);
    if (!guard.is_on || guard.way != GuardWay::kPage || guard.page_side != DEARTH_SIDE_REAR ||
        guard.page_alignment != 0)
        return result;
    TargetSetup strict = setup;
    strict.page_alignment = 1;
    uint32_t misuses = 0;
    auto tight = run_twice(strict, modules, should_stop, &misuses);
    if (!tight && (misuses != 0 || should_stop()))
        return tight;
    const bool differs = !tight || (result.baseline.is_repeatable &&
                                    tight.value().baseline.out != result.baseline.out);
    if (differs) {
        result.notes.push_back(
            "page guard: this program relies on aligned blocks, so that up to 15 bytes behind a "
            "block are guard bytes: a read of them is not seen");
        return result;
    }
    setup.page_alignment = 1;
    BaselineResult chosen = tight.take();
    chosen.notes = std::move(result.notes);
    chosen.cpu_s += result.cpu_s;
    return chosen;
}

}  // namespace dearth::harness
