// Words for what stands in a trial's slot.
#include "harness/oracle/slot_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "harness/base/text.h"

namespace dearth::harness {
std::string quoted(std::string_view text, size_t kept_bytes) {
    const std::string kept = shortened(text, kept_bytes);
    std::string out = "\"";
    bool is_first = true;
    for (const std::string_view line : split(kept, '\n')) {
        out += is_first ? "" : "\\n";
        out += printable_text(line);
        is_first = false;
    }
    return out + '"';
}

std::string error_words(const dearth_step_result& step) {
    const std::string_view kind = slot_text(step.kind);
    const std::string_view message = slot_text(step.message);
    if (kind.empty() && message.empty()) {
        return "an unnamed error";
    }
    if (message.empty()) {
        return printable_text(kind);
    }
    return kind.empty() ? quoted(message) : printable_text(kind) + ": " + quoted(message);
}

std::string_view step_words(dearth_step step) {
    switch (step) {
        case DEARTH_STEP_OPEN:
            return "while opening the interpreter";
        case DEARTH_STEP_RUN:
            return "while running the script";
        case DEARTH_STEP_CLOSE:
            return "while closing the interpreter";
        case DEARTH_STEP_AGAIN:
            return "while running the script again without faults";
        case DEARTH_STEP_FRESH:
            return "while running the script without faults in a new interpreter";
        case DEARTH_STEP_COUNT:
            break;
    }
    return "at an unknown step";
}

dearth_step step_at_end(const dearth_trial_slot& slot) {
    for (const dearth_step step : {DEARTH_STEP_FRESH, DEARTH_STEP_AGAIN, DEARTH_STEP_CLOSE,
                                   DEARTH_STEP_RUN, DEARTH_STEP_OPEN}) {
        if (slot.steps[step].status == DEARTH_STATUS_STARTED) {
            return step;
        }
    }
    switch (slot.phase) {
        case DEARTH_PHASE_OPEN:
            return DEARTH_STEP_OPEN;
        case DEARTH_PHASE_RUN:
            return DEARTH_STEP_RUN;
        case DEARTH_PHASE_CLOSE:
            return DEARTH_STEP_CLOSE;
        case DEARTH_PHASE_CHECK:
            return slot.steps[DEARTH_STEP_CLOSE].status == DEARTH_STATUS_NONE ? DEARTH_STEP_AGAIN
                                                                              : DEARTH_STEP_FRESH;
        default:
            return DEARTH_STEP_COUNT;
    }
}

bool is_check_step(dearth_step step) {
    return step == DEARTH_STEP_AGAIN || step == DEARTH_STEP_FRESH;
}

bool was_stopped_by_page(const dearth_misuse& misuse) {
    return misuse.access != DEARTH_ACCESS_UNKNOWN && misuse.changed_bytes == 0;
}

std::string signal_words(int signal) {
    const char* name = signal > 0 ? sigabbrev_np(signal) : nullptr;
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string error_stream_words(const TrialRecord& record) {
    const size_t begin =
        static_cast<size_t>(std::min<uint64_t>(record.slot.err_prefix_bytes, record.err.size()));
    std::string_view rest = std::string_view(record.err).substr(begin);
    while (!rest.empty()) {
        const size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
            return "; standard error: " + quoted(line);
        }
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return "";
}

bool injects_failures(const Scenario& scenario, const TrialRecord& record) {
    if (scenario.injection.is_sweep) {
        return record.point.kind.action == DEARTH_ACTION_FAIL;
    }
    const dearth_schedule& schedule = scenario.injection.schedule;
    const uint32_t count = std::min<uint32_t>(schedule.term_count, DEARTH_TERMS_MAX);
    return std::any_of(schedule.terms, schedule.terms + count,
                       [](const dearth_term& term) { return term.action == DEARTH_ACTION_FAIL; });
}

}  // namespace dearth::harness
