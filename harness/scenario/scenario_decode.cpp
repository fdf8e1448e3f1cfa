// Document to scenarios; see scenario_decode.h.
#include "harness/scenario/scenario_decode.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.h"
#include "harness/scenario/expectation_decode.h"
#include "harness/scenario/injection_decode.h"
#include "harness/scenario/matrix.h"
#include "harness/scenario/scenario_files.h"
#include "harness/scenario/scenario_values.h"
#include "harness/scenario/target_decode.h"

namespace dearth::harness {
namespace {

uint64_t size_at(const YamlNode& map, std::string_view key, uint64_t otherwise) {
    const YamlNode* node = map.scalar(key);
    return node != nullptr ? size_from_text(node->text).value_or(otherwise) : otherwise;
}

uint64_t number_at(const YamlNode& map, std::string_view key, uint64_t otherwise) {
    const YamlNode* node = map.scalar(key);
    return node != nullptr ? whole_number_from_text(node->text).value_or(otherwise) : otherwise;
}

uint8_t byte_at(const YamlNode& map, std::string_view key, uint8_t otherwise) {
    const YamlNode* node = map.scalar(key);
    const uint64_t value =
        node != nullptr ? byte_from_text(node->text).value_or(otherwise) : otherwise;
    return static_cast<uint8_t>(value);
}

GuardWay guard_way_of(std::string_view word) {
    return word == "page" ? GuardWay::kPage : word == "both" ? GuardWay::kBoth : GuardWay::kBytes;
}

void decode_page_guard(const YamlNode& node, Guard& guard, DiagnosticSink& sink) {
    if (node.is_scalar()) {
        guard.way = guard_way_of(node.text);
        return;
    }
    if (const YamlNode* mode = node.scalar("mode")) {
        guard.way = guard_way_of(mode->text);
    }
    if (const YamlNode* side = node.scalar("side")) {
        guard.page_side = side->text == "front" ? DEARTH_SIDE_FRONT : DEARTH_SIDE_REAR;
        if (guard.way == GuardWay::kBoth) {
            sink.report(side->place, "conflict", "`mode: both` has both sides in turn",
                        "leave `side` out, or write `mode: page`");
        }
    }
    guard.page_alignment = static_cast<uint32_t>(number_at(node, "alignment", 0));
    guard.page_every = static_cast<uint32_t>(number_at(node, "sample", guard.page_every));
    for (const std::string_view key : {"side", "alignment", "sample"}) {
        const YamlNode* value = node.find(key);
        if (value != nullptr && guard.way == GuardWay::kBytes) {
            sink.report(value->place, "conflict", fmt::format("`{}` is for the page guard", key),
                        "write `mode: page`, or leave it out");
        }
    }
}

Guard decode_guard(const YamlNode& node, DiagnosticSink& sink) {
    Guard guard;
    guard.is_on = !(node.is_scalar() && node.text == "off");
    decode_page_guard(node, guard, sink);
    guard.before_bytes = static_cast<uint32_t>(size_at(node, "before", guard.before_bytes));
    guard.after_bytes = static_cast<uint32_t>(size_at(node, "after", guard.after_bytes));
    guard.every = static_cast<uint32_t>(number_at(node, "every", guard.every));
    guard.quarantine_bytes = size_at(node, "quarantine", guard.quarantine_bytes);
    if (const YamlNode* fill = node.find("fill")) {
        guard.clean_byte = byte_at(*fill, "alloc", guard.clean_byte);
        guard.dead_byte = byte_at(*fill, "free", guard.dead_byte);
    }
    if (guard.before_bytes > 16 && guard.before_bytes % 16 != 0) {
        sink.report(node.find("before")->place, "out-of-range",
                    "`before` has to be a multiple of 16B", "blocks stay aligned to 16 bytes");
    }
    return guard;
}

Limits decode_limits(const YamlNode& node) {
    Limits limits;
    if (const YamlNode* timeout = node.scalar("timeout")) {
        limits.timeout_ms = duration_from_text(timeout->text).value_or(0);
    }
    limits.memory_bytes = size_at(node, "memory", limits.memory_bytes);
    limits.failures = number_at(node, "failures", limits.failures);
    limits.stack_bytes = size_at(node, "stack", limits.stack_bytes);
    return limits;
}

std::vector<Verdict> verdicts_at(const YamlNode& gate, std::string_view key) {
    std::vector<Verdict> verdicts;
    for (const YamlNode* word : gate.scalars(key)) {
        const auto verdict = verdict_from_name(word->text);
        if (verdict && std::find(verdicts.begin(), verdicts.end(), *verdict) == verdicts.end()) {
            verdicts.push_back(*verdict);
        }
    }
    return verdicts;
}

bool contains(const std::vector<Verdict>& verdicts, Verdict verdict) {
    return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
}

// Every finding stands in one of the two lists: naming one of them settles the other.
Gate decode_gate(const YamlNode& node, DiagnosticSink& sink) {
    const bool names_fail = node.find("fail-on") != nullptr;
    const std::vector<Verdict> fail_words = verdicts_at(node, "fail-on");
    const std::vector<Verdict> warn_words = verdicts_at(node, "warn-on");
    for (const YamlNode* word : node.scalars("warn-on")) {
        const auto verdict = verdict_from_name(word->text);
        if (verdict && contains(fail_words, *verdict)) {
            sink.report(word->place, "conflict",
                        fmt::format("`{}` stands in `fail-on` too", word->text), "keep one");
        }
    }
    Gate gate;
    for (const VerdictRow& row : verdict_rows()) {
        if (!is_finding(row.verdict)) {
            continue;
        }
        const bool fails = names_fail ? contains(fail_words, row.verdict)
                                      : row.fails_gate && !contains(warn_words, row.verdict);
        (fails ? gate.fail_on : gate.warn_on).push_back(row.verdict);
    }
    return gate;
}

std::vector<KnownFinding> decode_known(const YamlNode& list, DiagnosticSink& sink) {
    std::vector<KnownFinding> known;
    for (const YamlNode& item : list.items) {
        KnownFinding one;
        if (const YamlNode* id = item.scalar("id")) {
            one.id = id->text;
            std::transform(one.id.begin(), one.id.end(), one.id.begin(), [](char letter) {
                return letter >= 'A' && letter <= 'F' ? static_cast<char>(letter - 'A' + 'a')
                                                      : letter;
            });
            const bool is_twice =
                std::any_of(known.begin(), known.end(),
                            [&](const KnownFinding& other) { return other.id == one.id; });
            if (is_twice) {
                sink.report(id->place, "duplicate-name",
                            fmt::format("the finding `{}` stands here a second time", one.id));
            }
        }
        if (const YamlNode* reason = item.scalar("reason")) {
            one.reason = reason->text;
            if (trim(one.reason).empty()) {
                sink.report(reason->place, "bad-value", "`reason` says nothing",
                            "say why the finding is left alone");
            }
        }
        if (const YamlNode* until = item.scalar("until")) {
            one.until = until->text;
        }
        known.push_back(std::move(one));
    }
    return known;
}

// Fault injection writes the bytes that guards watch; without them it would break the target.
void check_actions(const Scenario& scenario, const Place& place, DiagnosticSink& sink) {
    const auto corrupts = [](uint32_t action) {
        return action == DEARTH_ACTION_CORRUPT_FRONT || action == DEARTH_ACTION_CORRUPT_REAR;
    };
    bool is_corrupting =
        std::any_of(scenario.injection.kinds.begin(), scenario.injection.kinds.end(),
                    [&](const SweepKind& kind) { return corrupts(kind.action); });
    for (uint32_t index = 0; index < scenario.injection.schedule.term_count; ++index) {
        is_corrupting |= corrupts(scenario.injection.schedule.terms[index].action);
    }
    if (is_corrupting && !scenario.guard.is_on) {
        sink.report(place, "conflict", "guard bytes cannot be overwritten while `guard` is off",
                    "leave `guard` on");
    }
}

// Keys and words of `expect` that mean something to some engines only.
void check_expectation(const YamlNode& node, Engine engine, DiagnosticSink& sink) {
    const YamlNode* baseline = node.find("baseline");
    const YamlNode* exit = baseline != nullptr ? baseline->scalar("exit") : nullptr;
    if (exit != nullptr && engine != Engine::kExec) {
        sink.report(exit->place, "conflict", "`exit` is for engine exec", "leave it out");
    }
    if (engine != Engine::kExec) {
        return;
    }
    for (const YamlNode* word : node.scalars("invariants")) {
        if (word->text == "reusable" || word->text == "restartable") {
            sink.report(word->place, "conflict",
                        fmt::format("`{}` asks for a second run in one process, which a program "
                                    "does not offer",
                                    word->text),
                        "leave it out, or link the program with the engine kit (`c-api`)");
        }
    }
}

class ScenarioDecoder {
public:
    ScenarioDecoder(const YamlNode& root, const std::string& name_suffix, DiagnosticSink& sink)
        : root_(root), name_suffix_(name_suffix), sink_(sink) {}

    std::vector<DecodedScenario> decode();

private:
    void decode_name(DecodedScenario& decoded);
    void decode_shared(Scenario& scenario);
    void decode_case(const YamlNode& node, const DecodedScenario& shared,
                     std::vector<DecodedScenario>& all);

    const YamlNode& root_;
    const std::string& name_suffix_;
    DiagnosticSink& sink_;
};

void ScenarioDecoder::decode_name(DecodedScenario& decoded) {
    decoded.name_place = {1, 1, 1};
    if (const YamlNode* name = root_.scalar("name")) {
        decoded.name_place = name->place;
        // A name with variables in it tells the combinations apart by itself.
        decoded.scenario.name = name->is_substituted ? name->text : name->text + name_suffix_;
        return;
    }
    const std::string stem = scenario_stem(sink_.source().path());
    if (root_.find("name") == nullptr && !is_scenario_name(stem)) {
        sink_.report(decoded.name_place, "missing-key",
                     fmt::format("the file's name, `{}`, makes no scenario name", stem),
                     "give it a `name:` of a-z, 0-9, `.`, `_`, `-`");
    }
    decoded.scenario.name = stem + name_suffix_;
}

void ScenarioDecoder::decode_shared(Scenario& scenario) {
    static const YamlNode kNothing;
    const auto section = [&](std::string_view key) -> const YamlNode& {
        const YamlNode* node = root_.find(key);
        return node != nullptr ? *node : kNothing;
    };
    scenario.file = sink_.source().path();
    if (const YamlNode* description = root_.scalar("description")) {
        scenario.description = description->text;
    }
    for (const YamlNode* tag : root_.scalars("tags")) {
        scenario.tags.push_back(tag->text);
    }
    if (const YamlEntry* target = root_.find_entry("target")) {
        scenario.target = decode_target(*target, sink_);
    }
    scenario.injection = default_injection();
    scenario.guard = decode_guard(section("guard"), sink_);
    check_expectation(section("expect"), scenario.target.engine, sink_);
    scenario.expect =
        decode_expectation(section("expect"), default_expectation(scenario.target.engine), sink_);
    scenario.limits = decode_limits(section("limits"));
    scenario.gate = decode_gate(section("gate"), sink_);
    scenario.known = decode_known(section("known"), sink_);
}

void ScenarioDecoder::decode_case(const YamlNode& node, const DecodedScenario& shared,
                                  std::vector<DecodedScenario>& all) {
    const YamlNode* name = node.scalar("name");
    if (name == nullptr) {
        return;  // the shape check has complained
    }
    DecodedScenario one = shared;
    one.name_place = name->place;
    one.scenario.name += "." + name->text;
    if (const YamlEntry* inject = node.find_entry("inject")) {
        one.scenario.injection = decode_injection(*inject, sink_);
        check_actions(one.scenario, inject->key_place, sink_);
    }
    if (const YamlNode* expect = node.find("expect")) {
        check_expectation(*expect, one.scenario.target.engine, sink_);
        one.scenario.expect = decode_expectation(*expect, one.scenario.expect, sink_);
    }
    all.push_back(std::move(one));
}

std::vector<DecodedScenario> ScenarioDecoder::decode() {
    DecodedScenario shared;
    decode_name(shared);
    decode_shared(shared.scenario);
    const YamlEntry* inject = root_.find_entry("inject");
    const YamlEntry* cases = root_.find_entry("cases");
    if (inject != nullptr) {
        shared.scenario.injection = decode_injection(*inject, sink_);
        check_actions(shared.scenario, inject->key_place, sink_);
    }
    std::vector<DecodedScenario> all;
    if (cases == nullptr) {
        all.push_back(std::move(shared));
        return all;
    }
    if (inject != nullptr) {
        sink_.report(cases->key_place, "conflict", "`cases` stands instead of `inject`",
                     "make the top `inject` a case");
    }
    if (cases->value.is_list() && cases->value.items.empty()) {
        sink_.report(cases->value.place, "bad-value", "`cases` has none, so nothing would run");
    }
    for (const YamlNode& node : cases->value.items) {
        decode_case(node, shared, all);
    }
    return all;
}

}  // namespace

Expectation default_expectation(Engine engine) {
    Expectation expect;
    if (engine == Engine::kCApi) {
        expect.needs_no_leak = false;
        expect.needs_same_output = false;
    }
    if (engine == Engine::kExec) {
        // A program leaves its memory to the system when it exits, all the more after a failure.
        expect.needs_no_leak = false;
    }
    return expect;
}

Gate default_gate() {
    Gate gate;
    for (const VerdictRow& row : verdict_rows()) {
        if (is_finding(row.verdict)) {
            (row.fails_gate ? gate.fail_on : gate.warn_on).push_back(row.verdict);
        }
    }
    return gate;
}

std::vector<DecodedScenario> decode_scenarios(const YamlNode& root, const std::string& name_suffix,
                                              DiagnosticSink& sink) {
    return ScenarioDecoder(root, name_suffix, sink).decode();
}

}  // namespace dearth::harness
