// Laws that hold for any bytes a target may have left behind.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "tests/harness/oracle/trial_builder.h"

namespace dearth::harness {
namespace {

// A trial whose slot is an ordinary one with random bytes written over random places.
TrialBuilder scribbled_trial() {
    TrialBuilder trial;
    trial.scenario().expect.needs_reusable = *rc::gen::arbitrary<bool>();
    trial.scenario().expect.needs_restartable = *rc::gen::arbitrary<bool>();
    trial.engine(*rc::gen::element(Engine::kLua, Engine::kPython, Engine::kCApi));
    const int scribbles = *rc::gen::inRange(0, 12);
    for (int i = 0; i < scribbles; ++i) {
        const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
        const size_t length = std::min(bytes.size(), sizeof(dearth_trial_slot));
        const auto at = *rc::gen::inRange<size_t>(0, sizeof(dearth_trial_slot) - length + 1);
        std::memcpy(reinterpret_cast<char*>(&trial.slot()) + at, bytes.data(), length);
    }
    return trial;
}

RC_GTEST_PROP(Oracles, AnyBytesGetAVerdictWithOneLine, ()) {
    const Judgement judgement = scribbled_trial().judge();
    RC_ASSERT(!judgement.detail.empty());
    RC_ASSERT(judgement.detail.find('\n') == std::string::npos);
    RC_ASSERT(judgement.accusations.empty() != is_finding(judgement.verdict));
}

RC_GTEST_PROP(Oracles, TheVerdictIsTheGravestAccusation, ()) {
    const Judgement judgement = scribbled_trial().judge();
    Verdict gravest_left = judgement.verdict;
    for (const Accusation& accusation : judgement.accusations) {
        RC_ASSERT(is_finding(accusation.verdict));
        RC_ASSERT(accusation.verdict <= gravest_left);
        gravest_left = accusation.verdict;
    }
}

RC_GTEST_PROP(Oracles, AVerdictDependsOnNothingButItsInput, ()) {
    const TrialBuilder trial = scribbled_trial();
    const Judgement first = trial.judge();
    const Judgement second = trial.judge();
    RC_ASSERT(first.verdict == second.verdict);
    RC_ASSERT(first.detail == second.detail);
    RC_ASSERT(first.accusations.size() == second.accusations.size());
}

RC_GTEST_PROP(Oracles, AnAddedMisuseNeverMakesATrialLookBetter, ()) {
    TrialBuilder trial = scribbled_trial();
    trial.slot().misuse_count = 0;
    const Verdict before = trial.verdict();
    trial.misuse(static_cast<dearth_misuse_kind>(
        *rc::gen::inRange<int>(DEARTH_MISUSE_OVERFLOW, DEARTH_MISUSE_WRONG_DOMAIN + 1)));
    RC_ASSERT(trial.verdict() >= before);
}

}  // namespace
}  // namespace dearth::harness
