// Laws of the loader on texts nobody wrote: it always ends, with scenarios or with diagnostics,
// never both and never neither.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/scenario/scenario_loader.h"
#include "harness/scenario/scenario_values.h"
#include "tests/harness/scenario/example_scenarios.h"

namespace dearth::harness {
namespace {

void check_law(const std::string& yaml) {
    const LoadReport report = read_scenario_text("scenes/any.dearth.yaml", yaml);
    RC_ASSERT(report.scenarios.empty() != report.diagnostics.empty());
    for (const Diagnostic& diagnostic : report.diagnostics) {
        RC_ASSERT(!diagnostic.code.empty());
        RC_ASSERT(!diagnostic.message.empty());
        RC_ASSERT(!format_diagnostic(diagnostic).empty());
    }
}

RC_GTEST_PROP(LoaderLaws, AnyBytesAreRefusedOrLoaded, (const std::string& bytes)) {
    check_law(bytes);
}

// Letters that mean something to YAML, so that structures come out.
RC_GTEST_PROP(LoaderLaws, AnyYamlLikeTextIsRefusedOrLoaded, ()) {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::element('a', ':', ' ', '\n', '-', '[', ']', '{', '}', ',', '"', '\'', '|', '>',
                         '&', '*', '#', '!', '?', '$', '~', '1', '.', '%', '\t'));
    check_law(text);
    check_law("version: 1\ntarget: { engine: lua, script: x }\n" + text);
}

// A right file with a piece taken out, doubled or replaced.
RC_GTEST_PROP(LoaderLaws, DamagedScenariosAreRefusedOrLoaded, ()) {
    static const std::vector<std::string> kExamples = complete_scenarios();
    std::string yaml = *rc::gen::elementOf(kExamples);
    const auto from = *rc::gen::inRange<size_t>(0, yaml.size());
    const auto length = *rc::gen::inRange<size_t>(0, 20);
    const std::string piece = yaml.substr(from, length);
    const auto what = *rc::gen::inRange(0, 3);
    if (what == 0) {
        yaml.erase(from, length);
    } else if (what == 1) {
        yaml.insert(from, piece);
    } else {
        yaml.replace(from, piece.size(), *rc::gen::string<std::string>());
    }
    check_law(yaml);
}

RC_GTEST_PROP(LoaderLaws, CutScenariosAreRefusedOrLoaded, ()) {
    static const std::vector<std::string> kExamples = complete_scenarios();
    const std::string yaml = *rc::gen::elementOf(kExamples);
    check_law(yaml.substr(0, *rc::gen::inRange<size_t>(0, yaml.size())));
}

RC_GTEST_PROP(ValueLaws, ProbabilityInPercentReadsExactly, ()) {
    const auto thousandths = *rc::gen::inRange<uint64_t>(1, 100'000);
    const std::string text = std::to_string(thousandths / 1000) + "." +
                             std::to_string(1000 + thousandths % 1000).substr(1) + "%";
    RC_ASSERT(probability_ppb_from_text(text) == thousandths * 10'000);
}

RC_GTEST_PROP(ValueLaws, RangesReadBack, ()) {
    const auto first = *rc::gen::inRange<uint64_t>(1, UINT64_MAX / 2);
    const auto last = *rc::gen::inRange<uint64_t>(first, UINT64_MAX);
    const std::string head = std::to_string(first) + "..";
    RC_ASSERT(ordinals_from_text(head + std::to_string(last)) == (NumberRange{first, last}));
    RC_ASSERT(ordinals_from_text(head) == (NumberRange{first, UINT64_MAX}));
    RC_ASSERT(seeds_from_text(head) == std::nullopt);
    RC_ASSERT((last == first || ordinals_from_text(std::to_string(last) + ".." +
                                                   std::to_string(first)) == std::nullopt));
}

}  // namespace
}  // namespace dearth::harness
