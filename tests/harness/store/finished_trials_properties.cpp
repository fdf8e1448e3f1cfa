// The compact set against a plain map.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <tuple>

#include "harness/store/finished_trials.h"

namespace dearth::harness {
namespace {

using Key = std::tuple<uint32_t, uint64_t, uint64_t, uint64_t, uint64_t>;

TrialPoint point_of(const Key& key) {
    TrialPoint point;
    point.kind.kind = std::get<0>(key);
    point.ordinal = std::get<1>(key);
    point.seed = std::get<2>(key);
    point.site = std::get<3>(key);
    point.occurrence = std::get<4>(key);
    return point;
}

rc::Gen<Key> any_key() {
    const auto number =
        rc::gen::oneOf(rc::gen::inRange<uint64_t>(0, 5), rc::gen::inRange<uint64_t>(250, 520),
                       rc::gen::arbitrary<uint64_t>());
    const auto mostly_zero =
        rc::gen::weightedOneOf<uint64_t>({{3, rc::gen::just<uint64_t>(0)}, {1, number}});
    return rc::gen::tuple(rc::gen::inRange<uint32_t>(0, 4), number, mostly_zero, mostly_zero,
                          mostly_zero);
}

RC_GTEST_PROP(FinishedTrials, AnswersAsAPlainMapDoes, ()) {
    std::map<Key, Verdict> model;
    FinishedTrials finished;
    for (const Key& key : *rc::gen::container<std::vector<Key>>(any_key())) {
        const auto verdict = static_cast<Verdict>(*rc::gen::inRange<size_t>(0, kVerdictCount));
        if (model.emplace(key, verdict).second)
            finished.add(point_of(key), verdict);
    }
    RC_ASSERT(finished.count == model.size());
    VerdictCounts counts = {};
    for (const auto& [key, verdict] : model) {
        RC_ASSERT(finished.find(point_of(key)) == verdict);
        ++counts[static_cast<size_t>(verdict)];
    }
    RC_ASSERT(finished.verdicts == counts);
    const Key other = *any_key();
    RC_ASSERT(finished.find(point_of(other)).has_value() == model.contains(other));
}

}  // namespace
}  // namespace dearth::harness
