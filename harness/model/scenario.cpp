// Text forms of scenario parts; see scenario.h. The fingerprint names every field and gives every
// text its length, so that no two scenarios share it by accident.
#include "harness/model/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

constexpr std::array<std::string_view, 4> kKindWords = {"once", "burst", "persistent", "sticky"};
constexpr std::array<std::string_view, 5> kActionWords = {"fail", "corrupt-front", "corrupt-rear",
                                                          "move", "fill"};

std::string_view word_at(std::span<const std::string_view> words, uint32_t index) {
    return index < words.size() ? words[index] : std::string_view("unknown");
}

std::optional<uint32_t> index_of(std::span<const std::string_view> words, std::string_view word) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) {
        return std::nullopt;
    }
    return static_cast<uint32_t>(found - words.begin());
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

// Patterns are C arrays from a schedule; a full one has no terminator.
std::string_view pattern_text(const char (&pattern)[DEARTH_PATTERN_BYTES]) {
    return std::string_view(pattern, std::find(pattern, pattern + sizeof pattern, '\0') - pattern);
}

void add_filter(FieldText& out, std::string_view name, const dearth_filter& filter) {
    out.text("filter", name);
    out.number("op", filter.op_mask);
    out.number("domain", filter.domain_mask);
    out.number("phase", filter.phase_mask);
    out.number("thread", filter.thread);
    out.number("size-min", filter.size_min_bytes);
    out.number("size-max", filter.size_max_bytes);
    out.number("align-min", filter.align_min_bytes);
    out.number("site", filter.site);
    out.text("stack", pattern_text(filter.stack));
    out.text("module", pattern_text(filter.module));
}

void add_term(FieldText& out, const dearth_term& term) {
    out.number("selector", term.selector);
    out.number("kind", term.kind);
    out.number("action", term.action);
    out.number("burst", term.burst);
    out.number("first", term.first);
    out.number("last", term.last);
    out.number("after", term.after);
    out.number("times", term.times);
    out.number("probability", term.probability_ppb);
    out.number("seed", term.seed);
    out.number("budget", term.budget_bytes);
    out.number("corrupt-bytes", term.corrupt_bytes);
    out.number("corrupt-offset", term.corrupt_offset);
    out.number("fill-byte", term.fill_byte);
    const uint32_t count = std::min<uint32_t>(term.list_count, DEARTH_LIST_MAX);
    for (uint32_t index = 0; index < count; ++index) {
        out.number("ordinal", term.list[index]);
    }
    add_filter(out, "when", term.when);
    add_filter(out, "unless", term.unless);
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
    add_filter(out, "when", injection.when);
    add_filter(out, "unless", injection.unless);
    out.number("seed-first", injection.seed_first);
    out.number("seed-last", injection.seed_last);
    const uint32_t terms = std::min<uint32_t>(injection.schedule.term_count, DEARTH_TERMS_MAX);
    for (uint32_t index = 0; index < terms; ++index) {
        add_term(out, injection.schedule.terms[index]);
    }
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
}

void add_limits(FieldText& out, const Limits& limits) {
    out.number("timeout", limits.timeout_ms);
    out.number("memory", limits.memory_bytes);
    out.number("failures", limits.failures);
    out.number("stack-bytes", limits.stack_bytes);
}

}  // namespace

std::string sweep_kind_text(const SweepKind& kind) {
    std::string text(word_at(kKindWords, kind.kind));
    if (kind.kind == DEARTH_KIND_BURST) {
        text += fmt::format("={}", kind.burst);
    }
    if (kind.action != DEARTH_ACTION_FAIL) {
        text += fmt::format("+{}", word_at(kActionWords, kind.action));
    }
    return text;
}

std::optional<SweepKind> sweep_kind_from_text(std::string_view text) {
    SweepKind kind;
    const size_t plus = text.find('+');
    if (plus != std::string_view::npos) {
        const auto action = index_of(kActionWords, text.substr(plus + 1));
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
    const auto index = index_of(kKindWords, text);
    if (!index || *index == DEARTH_KIND_BURST) {
        return std::nullopt;
    }
    kind.kind = *index;
    return kind;
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
