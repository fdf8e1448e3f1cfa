// Builds a scenario, a baseline and a trial that differ in nothing, so that a test writes down
// only what it is about.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>

#include "harness/oracle/oracle_list.h"

namespace dearth::harness {

template <size_t kBytes>
void set_text(char (&field)[kBytes], std::string_view text) {
    std::memset(field, 0, kBytes);
    std::memcpy(field, text.data(), std::min(text.size(), kBytes));
}

class TrialBuilder {
public:
    TrialBuilder() {
        record_.slot.end = DEARTH_END_FINISHED;
        record_.slot.injected_count = 1;
        record_.slot.ordinal = 17;
        record_.point.ordinal = 17;
        for (const dearth_step step : {DEARTH_STEP_OPEN, DEARTH_STEP_RUN, DEARTH_STEP_CLOSE}) {
            record_.slot.steps[step].status = DEARTH_STATUS_OK;
        }
        baseline_.slot = record_.slot;
        baseline_.slot.injected_count = 0;
        baseline_output("first\nsecond\n");
        output("first\nsecond\n");
    }

    Scenario& scenario() { return scenario_; }
    TrialRecord& record() { return record_; }
    dearth_trial_slot& slot() { return record_.slot; }
    Baseline& baseline() { return baseline_; }

    TrialBuilder& engine(Engine engine) {
        scenario_.target.engine = engine;
        return *this;
    }
    // What the script printed; steps after it print nothing.
    TrialBuilder& output(const std::string& text) {
        record_.out = text;
        place_output(record_.slot, text.size());
        return *this;
    }
    TrialBuilder& baseline_output(const std::string& text) {
        baseline_.out = text;
        place_output(baseline_.slot, text.size());
        return *this;
    }
    // A check step that ended ok and printed `text`.
    TrialBuilder& check(dearth_step step, const std::string& text) {
        append_step(record_.slot, record_.out, step, text);
        return *this;
    }
    TrialBuilder& baseline_check(dearth_step step, const std::string& text) {
        append_step(baseline_.slot, baseline_.out, step, text);
        return *this;
    }
    TrialBuilder& error(dearth_step step, std::string_view kind, std::string_view message) {
        record_.slot.steps[step].status = DEARTH_STATUS_ERROR;
        set_text(record_.slot.steps[step].kind, kind);
        set_text(record_.slot.steps[step].message, message);
        return *this;
    }
    // Died in `step` of the trial: later steps were never entered.
    TrialBuilder& died(dearth_step step, dearth_end end, int code) {
        record_.slot.end = end;
        record_.slot.end_code = code;
        record_.slot.steps[step].status = DEARTH_STATUS_STARTED;
        if (step == DEARTH_STEP_RUN) {
            record_.slot.steps[DEARTH_STEP_CLOSE].status = DEARTH_STATUS_NONE;
        }
        return *this;
    }
    TrialBuilder& misuse(dearth_misuse_kind kind) {
        dearth_misuse& misuse = record_.slot.misuses[record_.slot.misuse_count++];
        misuse.kind = kind;
        misuse.op = DEARTH_OP_COUNT;
        misuse.block_size_bytes = 64;
        misuse.changed_bytes = 3;
        misuse.detected.depth = 1;
        misuse.detected.frames[0] = record_.slot.misuse_count;
        return *this;
    }
    TrialBuilder& leak(uint64_t blocks, uint64_t bytes) {
        record_.slot.leak_blocks += blocks;
        record_.slot.leak_bytes += bytes;
        dearth_leak_site& site = record_.slot.leaks[record_.slot.leak_site_count++];
        site.blocks = blocks;
        site.bytes = bytes;
        site.allocated.depth = 1;
        site.allocated.frames[0] = record_.slot.leak_site_count;
        return *this;
    }
    // Of the blocks that leak() told of, those that are lost; all at the site told of last.
    TrialBuilder& lost(uint64_t blocks, uint64_t bytes) {
        record_.slot.reachability = DEARTH_REACHABILITY_KNOWN;
        record_.slot.lost_blocks += blocks;
        record_.slot.lost_bytes += bytes;
        dearth_leak_site& site = record_.slot.leaks[record_.slot.leak_site_count - 1];
        site.lost_blocks = blocks;
        site.lost_bytes = bytes;
        return *this;
    }
    TrialBuilder& outcomes(std::vector<AcceptableOutcome> outcomes) {
        scenario_.expect.outcomes = std::move(outcomes);
        return *this;
    }

    Judgement judge() const { return harness::judge(scenario_, record_, baseline_); }
    Verdict verdict() const { return judge().verdict; }
    std::string detail() const { return judge().detail; }

private:
    static void place_output(dearth_trial_slot& slot, uint64_t bytes) {
        slot.steps[DEARTH_STEP_RUN].out_begin = 0;
        slot.steps[DEARTH_STEP_RUN].out_end = bytes;
        slot.steps[DEARTH_STEP_CLOSE].out_begin = slot.steps[DEARTH_STEP_CLOSE].out_end = bytes;
    }
    static void append_step(dearth_trial_slot& slot, std::string& out, dearth_step step,
                            const std::string& text) {
        slot.steps[step].status = DEARTH_STATUS_OK;
        slot.steps[step].out_begin = out.size();
        out += text;
        slot.steps[step].out_end = out.size();
    }

    Scenario scenario_;
    TrialRecord record_;
    Baseline baseline_;
};

inline AcceptableOutcome ok_outcome() {
    return {AcceptableOutcome::Form::kOk, "", 0};
}
inline AcceptableOutcome error_outcome() {
    return {AcceptableOutcome::Form::kError, "", 0};
}
inline AcceptableOutcome exception_outcome(const std::string& name) {
    return {AcceptableOutcome::Form::kException, name, 0};
}
inline AcceptableOutcome exit_outcome(int code) {
    return {AcceptableOutcome::Form::kExit, "", code};
}
inline AcceptableOutcome signal_outcome(int code) {
    return {AcceptableOutcome::Form::kSignal, "", code};
}

}  // namespace dearth::harness
