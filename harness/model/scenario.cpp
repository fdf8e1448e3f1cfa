// Text forms of scenario parts; see scenario.h. The fingerprint names every field, filters and
// schedules by their canonical text, and gives every text its length, so that no two scenarios
// share it by accident.
#include "harness/model/scenario.h"

#include <fmt/format.h>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

// A word of the schedule language, or "unknown".
std::string_view word_of(const char* (*name_of)(uint32_t), uint32_t value) {
    const char* name = name_of(value);
    return name != nullptr ? std::string_view(name) : std::string_view("unknown");
}

std::optional<uint32_t> value_of(const char* (*name_of)(uint32_t), std::string_view word) {
    for (uint32_t value = 0; name_of(value) != nullptr; ++value) {
        if (name_of(value) == word) {
            return value;
        }
    }
    return std::nullopt;
}

// Collects `name=value` lines.
class FieldText {
public:
    template <typename Number>
    void number(std::string_view name, Number value) {
        text_ += fmt::format("{}={}\n", name, value);
    }
    void text(std::string_view name, std::string_view value) {
        text_ += fmt::format("{}={}:{}\n", name, value.size(), value);
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

// What the filters let through, by the canonical text of a term that has them.
void add_window(FieldText& out, const dearth_filter& when, const dearth_filter& unless) {
    dearth_schedule schedule = {};
    schedule.term_count = 1;
    dearth_term_default(&schedule.terms[0]);
    schedule.terms[0].when = when;
    schedule.terms[0].unless = unless;
    out.text("window", schedule_text(schedule));
}

void add_script(FieldText& out, std::string_view name, const Script& script) {
    out.text(name, script.text);
    // The name counts: an interpreter keeps it, and so allocates for it.
    out.text("name", script.name);
}

void add_target(FieldText& out, const Target& target) {
    out.number("engine", static_cast<int>(target.engine));
    add_script(out, "script", target.script);
    if (target.warmup) {
        add_script(out, "warmup", *target.warmup);
    }
    for (const std::string& argument : target.run) {
        out.text("run", argument);
    }
    for (const auto& [name, value] : target.env) {
        out.text("env", name);
        out.text("value", value);
    }
    out.number("domains", target.domain_mask);
    out.number("inherits-environment", target.inherits_environment);
    if (target.input) {
        out.text("input", target.input->text);
        out.text("input-path", target.input->path);
    }
    out.number("private-folder", target.has_private_folder);
}

void add_injection(FieldText& out, const Injection& injection) {
    out.number("sweep", injection.is_sweep);
    out.number("points", static_cast<int>(injection.points));
    out.number("first", injection.first);
    out.number("last", injection.last);
    out.number("step", injection.step);
    out.number("sample", injection.sample_count);
    out.number("sample-seed", injection.sample_seed);
    for (const SweepKind& kind : injection.kinds) {
        out.text("sweep-kind", sweep_kind_text(kind));
    }
    add_window(out, injection.when, injection.unless);
    out.number("seed-first", injection.seed_first);
    out.number("seed-last", injection.seed_last);
    out.text("schedule", schedule_text(injection.schedule));
}

void add_pattern(FieldText& out, std::string_view name, const std::optional<TextPattern>& pattern) {
    if (pattern) {
        out.text(name, pattern->text);
        out.number("regex", pattern->is_regex);
    }
}

void add_expectation(FieldText& out, const Expectation& expect) {
    for (const AcceptableOutcome& outcome : expect.outcomes) {
        out.number("outcome", static_cast<int>(outcome.form));
        out.text("outcome-name", outcome.name);
        out.number("outcome-code", outcome.code);
    }
    add_pattern(out, "error", expect.error);
    add_pattern(out, "output", expect.output);
    add_pattern(out, "error-output", expect.error_output);
    out.number("baseline-exit", expect.baseline_exit);
    if (expect.baseline_output) {
        out.text("baseline-output", *expect.baseline_output);
    }
    out.number("no-leak", expect.needs_no_leak);
    out.number("no-corruption", expect.needs_no_corruption);
    out.number("same-output", expect.needs_same_output);
    out.number("report", expect.needs_report);
    out.number("reusable", expect.needs_reusable);
    out.number("restartable", expect.needs_restartable);
}

void add_guard(FieldText& out, const Guard& guard) {
    out.number("guard", guard.is_on);
    out.number("before", guard.before_bytes);
    out.number("after", guard.after_bytes);
    out.number("every", guard.every);
    out.number("quarantine", guard.quarantine_bytes);
    out.number("clean", guard.clean_byte);
    out.number("dead", guard.dead_byte);
    out.number("way", static_cast<int>(guard.way));
    out.number("side", guard.page_side);
    out.number("alignment", guard.page_alignment);
    out.number("sample", guard.page_every);
}

std::string_view pass_suffix(uint32_t side) {
    return side == DEARTH_SIDE_FRONT ? ".front" : ".rear";
}

void add_limits(FieldText& out, const Limits& limits) {
    out.number("timeout", limits.timeout_ms);
    out.number("memory", limits.memory_bytes);
    out.number("failures", limits.failures);
    out.number("stack-bytes", limits.stack_bytes);
}

}  // namespace

std::string schedule_text(const dearth_schedule& schedule) {
    std::string text(256, '\0');
    size_t length = dearth_schedule_format(&schedule, text.data(), text.size());
    if (length >= text.size()) {
        text.resize(length + 1);
        length = dearth_schedule_format(&schedule, text.data(), text.size());
    }
    text.resize(length);
    return text;
}

std::string sweep_kind_text(const SweepKind& kind) {
    std::string text(word_of(dearth_kind_name, kind.kind));
    if (kind.kind == DEARTH_KIND_BURST) {
        text += fmt::format("={}", kind.burst);
    }
    if (kind.action != DEARTH_ACTION_FAIL) {
        text += fmt::format("+{}", word_of(dearth_action_name, kind.action));
    }
    return text;
}

std::optional<SweepKind> sweep_kind_from_text(std::string_view text) {
    SweepKind kind;
    const size_t plus = text.find('+');
    if (plus != std::string_view::npos) {
        const auto action = value_of(dearth_action_name, text.substr(plus + 1));
        // "once+fail" is refused: one value, one spelling.
        if (!action || *action == DEARTH_ACTION_FAIL) {
            return std::nullopt;
        }
        kind.action = *action;
        text = text.substr(0, plus);
    }
    constexpr std::string_view kBurst = "burst=";
    if (text.starts_with(kBurst)) {
        const auto burst = whole_number_from_text(text.substr(kBurst.size()));
        if (!burst || *burst < 1 || *burst > UINT32_MAX) {
            return std::nullopt;
        }
        kind.kind = DEARTH_KIND_BURST;
        kind.burst = static_cast<uint32_t>(*burst);
        return kind;
    }
    const auto index = value_of(dearth_kind_name, text);
    if (!index || *index == DEARTH_KIND_BURST) {
        return std::nullopt;
    }
    kind.kind = *index;
    return kind;
}

Scenario page_pass(Scenario scenario, uint32_t side) {
    scenario.name += pass_suffix(side);
    scenario.guard.is_on = true;
    scenario.guard.way = GuardWay::kPage;
    scenario.guard.page_side = side;
    return scenario;
}

std::optional<Scenario> page_pass_named(const Scenario& scenario, std::string_view name) {
    for (const uint32_t side : {DEARTH_SIDE_REAR, DEARTH_SIDE_FRONT}) {
        if (name == scenario.name + std::string(pass_suffix(side))) {
            return page_pass(scenario, side);
        }
    }
    return std::nullopt;
}

std::vector<Scenario> guard_passes(std::vector<Scenario> scenarios) {
    std::vector<Scenario> passes;
    for (Scenario& scenario : scenarios) {
        if (scenario.guard.is_on && scenario.guard.way == GuardWay::kBoth) {
            passes.push_back(page_pass(scenario, DEARTH_SIDE_REAR));
            passes.push_back(page_pass(std::move(scenario), DEARTH_SIDE_FRONT));
        } else {
            passes.push_back(std::move(scenario));
        }
    }
    return passes;
}

std::string target_fingerprint_text(const Target& target) {
    FieldText out;
    add_target(out, target);
    return out.take();
}

std::string scenario_fingerprint_text(const Scenario& scenario) {
    FieldText out;
    out.text("scenario", scenario.name);
    add_target(out, scenario.target);
    add_injection(out, scenario.injection);
    add_guard(out, scenario.guard);
    add_expectation(out, scenario.expect);
    add_limits(out, scenario.limits);
    return out.take();
}

}  // namespace dearth::harness
