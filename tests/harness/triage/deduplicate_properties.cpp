// The findings of a run do not depend on the order in which its trials end.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "harness/triage/deduplicate.h"
#include "tests/harness/triage/table_source.h"

namespace dearth::harness {
namespace {

struct Trial {
    TrialRecord record;
    Judgement judgement;
};

Trial random_trial() {
    Trial trial;
    trial.record.point.ordinal = *rc::gen::inRange<uint64_t>(1, 6);
    trial.record.point.kind.kind =
        *rc::gen::element<uint32_t>(DEARTH_KIND_ONCE, DEARTH_KIND_PERSISTENT, DEARTH_KIND_BURST);
    const auto injected = *rc::gen::inRange<uint64_t>(0, 2);
    trial.record.slot.injected = stack_of({frame_at(0, injected)});
    const auto count = *rc::gen::inRange(0, 3);
    for (int i = 0; i < count; ++i) {
        const auto verdict = *rc::gen::element(Verdict::kOverflow, Verdict::kLeak);
        const auto broke = *rc::gen::inRange<uint64_t>(0, 3);
        const auto line = *rc::gen::inRange<uint64_t>(0, 4);  // within the function: no matter
        trial.judgement.accusations.push_back(
            {verdict, "", stack_of({frame_at(0, broke, line)}), {}, {}});
    }
    return trial;
}

using Facts = std::vector<std::tuple<std::string, Verdict, uint64_t, uint32_t, uint64_t>>;

Facts collected(const std::vector<Trial>& trials) {
    const std::vector<Module> modules = {{"app", ""}};
    TableSource source;
    Scenario scenario;
    scenario.name = "s";
    FindingCollector collector(modules, source, "2026-01-01");
    for (const Trial& trial : trials) {
        collector.add(scenario, trial.record, trial.judgement);
    }
    Facts facts;
    for (const Finding* finding : collector.findings()) {
        facts.emplace_back(finding->id, finding->verdict, finding->point.ordinal,
                           finding->point.kind.kind, finding->trial_count);
    }
    return facts;
}

std::vector<Trial> random_trials() {
    std::vector<Trial> trials(*rc::gen::inRange<size_t>(0, 20));
    std::generate(trials.begin(), trials.end(), random_trial);
    return trials;
}

RC_GTEST_PROP(FindingCollector, OrderOfTrialsDoesNotMatter, ()) {
    std::vector<Trial> trials = random_trials();
    const Facts before = collected(trials);
    std::vector<size_t> order(trials.size());
    std::vector<Trial> shuffled;
    while (!trials.empty()) {
        const auto pick = *rc::gen::inRange<size_t>(0, trials.size());
        shuffled.push_back(trials[pick]);
        trials.erase(trials.begin() + static_cast<ptrdiff_t>(pick));
    }
    RC_ASSERT(collected(shuffled) == before);
}

RC_GTEST_PROP(FindingCollector, TrialsSeenTwiceAddNothingButCounts, ()) {
    std::vector<Trial> trials = random_trials();
    const Facts once = collected(trials);
    const size_t count = trials.size();
    for (size_t i = 0; i < count; ++i) {
        trials.push_back(trials[i]);
    }
    Facts twice = collected(trials);
    for (auto& fact : twice) {
        std::get<4>(fact) /= 2;
    }
    RC_ASSERT(twice == once);
}

RC_GTEST_PROP(IsSimpler, IsAStrictOrder, ()) {
    const TrialPoint a = random_trial().record.point;
    const TrialPoint b = random_trial().record.point;
    RC_ASSERT(!is_simpler(a, a));
    RC_ASSERT_FALSE((is_simpler(a, b) && is_simpler(b, a)));
    RC_ASSERT(
        (is_simpler(a, b) || is_simpler(b, a) || (a.ordinal == b.ordinal && a.kind == b.kind)));
}

}  // namespace
}  // namespace dearth::harness
