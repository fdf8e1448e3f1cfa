// How the process ended, for trials that did not go through every step. A death that the scenario
// accepts ("aborts by design") is handled; one in the check afterwards never is, because no fault
// is injected there.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "harness/oracle/oracle.h"
#include "harness/oracle/slot_text.h"

namespace dearth::harness {
namespace {

bool is_accepted(const Scenario& scenario, AcceptableOutcome::Form form, int code) {
    const auto& outcomes = scenario.expect.outcomes;
    return std::any_of(outcomes.begin(), outcomes.end(), [&](const AcceptableOutcome& outcome) {
        return outcome.form == form && outcome.code == code;
    });
}

// Signals that come from people and machines, not from the code under test.
bool is_from_outside(int signal) {
    return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP ||
           signal == SIGQUIT || signal == SIGSTOP || signal == SIGTSTP;
}

bool has_fault_address(int signal) {
    return signal == SIGSEGV || signal == SIGBUS;
}

std::string signal_detail(const TrialRecord& record, int signal, dearth_step step) {
    const dearth_trial_slot& slot = record.slot;
    std::string detail = signal_words(signal);
    if (slot.fatal_signal == signal && has_fault_address(signal)) {
        // Small addresses are a null pointer plus a field's offset, and do not move between runs.
        detail += slot.fatal_address < 4096
                      ? fmt::format(" at address {:#x} (null pointer)", slot.fatal_address)
                      : std::string(" at a bad address");
    }
    return detail + " " + std::string(step_words(step)) + error_stream_words(record);
}

// A closed page stopped the access: the heap oracle accuses it, and the crash is ours.
bool is_told_as_misuse(const OracleInput& input) {
    const dearth_trial_slot& slot = input.record.slot;
    const uint32_t kept = std::min<uint32_t>(slot.misuse_count, DEARTH_MISUSES_MAX);
    return input.scenario.expect.needs_no_corruption &&
           std::any_of(slot.misuses, slot.misuses + kept, was_stopped_by_page);
}

OracleAnswer judge_signal(const OracleInput& input, int signal, dearth_step step) {
    const dearth_trial_slot& slot = input.record.slot;
    const bool is_declared =
        is_accepted(input.scenario, AcceptableOutcome::Form::kSignal, signal) &&
        !is_check_step(step);
    if (is_declared) {
        return OracleAnswer::stands(
            Verdict::kHandled,
            fmt::format("died by {}, as the scenario accepts", signal_words(signal)));
    }
    if (is_from_outside(signal) && slot.is_stack_overflow == 0) {
        return OracleAnswer::stands(Verdict::kInconclusive,
                                    fmt::format("killed from outside by {}", signal_words(signal)));
    }
    if (is_told_as_misuse(input))
        return OracleAnswer::nothing();
    const std::string detail = signal_detail(input.record, signal, step);
    OracleAnswer answer =
        slot.is_stack_overflow != 0
            ? OracleAnswer::accuses(Verdict::kStackOverflow, "the stack ended: " + detail)
            : OracleAnswer::accuses(signal == SIGABRT ? Verdict::kAbort : Verdict::kCrash, detail);
    answer.accusations[0].detected = slot.fatal;
    return answer;
}

OracleAnswer judge_exit(const OracleInput& input, dearth_step step) {
    if (input.scenario.target.engine == Engine::kExec)
        return OracleAnswer::nothing();  // an exit is how a program ends: program_oracle's matter
    const dearth_trial_slot& slot = input.record.slot;
    const std::string detail =
        fmt::format("exit with status {} {}", slot.end_code, step_words(step));
    if (is_check_step(step)) {
        return OracleAnswer::accuses(Verdict::kBrokenAfter,
                                     detail + error_stream_words(input.record));
    }
    if (is_accepted(input.scenario, AcceptableOutcome::Form::kExit, slot.end_code)) {
        return OracleAnswer::stands(Verdict::kHandled, detail + ", as the scenario accepts");
    }
    return OracleAnswer::accuses(Verdict::kWrongOutcome, detail + ", without an error returned" +
                                                             error_stream_words(input.record));
}

// The limit where one was written down, so that the same finding reads the same in every run.
uint64_t waited_ms(const OracleInput& input) {
    const uint64_t limit_ms = input.scenario.limits.timeout_ms;
    return limit_ms != 0 ? limit_ms : input.record.slot.elapsed_ns / 1'000'000;
}

OracleAnswer accuse_of_hang(const OracleInput& input, std::string detail) {
    OracleAnswer answer = OracleAnswer::accuses(Verdict::kHang, std::move(detail));
    answer.accusations[0].detected = input.record.slot.fatal;
    return answer;
}

}  // namespace

OracleAnswer end_oracle(const OracleInput& input) {
    const dearth_trial_slot& slot = input.record.slot;
    const dearth_step step = step_at_end(slot);
    switch (slot.end) {
        case DEARTH_END_SIGNALED:
            return judge_signal(input, slot.end_code, step);
        case DEARTH_END_EXITED:
            return slot.fatal_signal > 0 ? judge_signal(input, slot.fatal_signal, step)
                                         : judge_exit(input, step);
        case DEARTH_END_DEADLINE:
            if (slot.fatal_signal > 0) {  // died, and then its handlers did not come to an end
                return judge_signal(input, slot.fatal_signal, step);
            }
            return accuse_of_hang(
                input, fmt::format("no end after {} ms {}", waited_ms(input), step_words(step)));
        case DEARTH_END_LIVELOCK:
            return accuse_of_hang(input, fmt::format("still retrying after {} failed requests {}",
                                                     slot.injected_count, step_words(step)));
        default:
            return OracleAnswer::nothing();  // finished: the others' matter; unknown: reach_oracle
    }
}

}  // namespace dearth::harness
