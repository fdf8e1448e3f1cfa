// Decisions by example: kinds, filters, several terms, what is asked of the matcher and when.
#include "hooks/schedule/schedule_decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace dearth::hooks {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

dearth_schedule parse(const char* text) {
    dearth_schedule schedule = {};
    char error[512] = "";
    size_t offset = 0;
    EXPECT_EQ(dearth_schedule_parse(text, &schedule, error, sizeof error, &offset), 0)
        << text << ": " << error;
    return schedule;
}

dearth_request request_of(uint64_t size_bytes, uint64_t site = 0) {
    dearth_request request = {};
    request.phase = DEARTH_PHASE_RUN;
    request.thread = 1;
    request.size_bytes = size_bytes;
    request.align_bytes = 16;
    request.site = site;
    return request;
}

// A schedule and its state, asked one request after the other.
class Decider {
public:
    explicit Decider(const char* text, bool is_prepared = false)
        : schedule_(std::make_unique<dearth_schedule>(parse(text))),
          state_(std::make_unique<ScheduleState>()) {
        if (is_prepared) {
            prepare(*schedule_, *state_);
        }
    }

    Decision decide(const dearth_request& request, const StackMatcher* matcher = nullptr) {
        return hooks::decide(*schedule_, *state_, request, matcher);
    }
    bool fires(const dearth_request& request) { return decide(request).fires; }
    bool fires(uint64_t size_bytes, uint64_t site = 0) {
        return fires(request_of(size_bytes, site));
    }

    // Which of the next `count` plain requests fail, counted from 1.
    std::vector<int> faults(int count) {
        std::vector<int> ordinals;
        for (int ordinal = 1; ordinal <= count; ++ordinal) {
            if (fires(32)) {
                ordinals.push_back(ordinal);
            }
        }
        return ordinals;
    }

    ScheduleState& state() { return *state_; }
    const dearth_schedule& schedule() const { return *schedule_; }

private:
    std::unique_ptr<dearth_schedule> schedule_;
    std::unique_ptr<ScheduleState> state_;
};

TEST(ScheduleDecision, FiresWhereTheTextSays) {
    struct Case {
        const char* text;
        std::vector<int> ordinals;
    };
    const Case cases[] = {
        {"all", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
        {"nth=3", {3}},
        {"nth=3..5", {3, 4, 5}},
        {"nth=10..", {10, 11, 12}},
        {"nth=2,3,7", {2, 3, 7}},
        {"nth=13", {}},
        {"every=5", {5, 10}},
        {"every=5;after=1", {6, 11}},
        {"every=2;after=1;times=2", {3, 5}},
        {"all;after=9;times=2", {10, 11}},
        {"nth=3;burst=2", {3, 4}},
        {"nth=3,8;burst=3", {3, 4, 5, 8, 9, 10}},
        {"every=4;burst=6", {4, 5, 6, 7, 8, 9, 10, 11, 12}},
        {"nth=9;persistent", {9, 10, 11, 12}},
        {"nth=3..4;persistent;times=1", {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
        {"budget=31;times=2", {1, 2}},
        {"budget=32", {}},
    };
    for (const Case& each : cases) {
        for (const bool is_prepared : {false, true}) {
            SCOPED_TRACE(std::string(each.text) + (is_prepared ? ", prepared" : ""));
            EXPECT_EQ(Decider(each.text, is_prepared).faults(12), each.ordinals);
        }
    }
}

TEST(ScheduleDecision, StickyHoldsLargerSizesAndTheSameSiteUntilControlReturns) {
    Decider run("nth=2;sticky");
    EXPECT_FALSE(run.fires(100, 7));
    EXPECT_TRUE(run.fires(64, 8)) << "the fired one";
    EXPECT_TRUE(run.fires(64, 9)) << "same size elsewhere";
    EXPECT_TRUE(run.fires(65, 9));
    EXPECT_FALSE(run.fires(63, 9)) << "smaller, from elsewhere";
    EXPECT_TRUE(run.fires(8, 8)) << "smaller, from the same site";
    end_sticky(run.state());
    EXPECT_FALSE(run.fires(64, 8));
}

TEST(ScheduleDecision, StickyWithoutSitesHoldsBySizeAlone) {
    Decider run("nth=1;sticky");
    EXPECT_TRUE(run.fires(64, 0));
    EXPECT_FALSE(run.fires(63, 0));
}

TEST(ScheduleDecision, AStickyFaultGrowsToASmallerFiring) {
    Decider run("nth=1,3;sticky");
    EXPECT_TRUE(run.fires(64, 1));
    EXPECT_FALSE(run.fires(16, 2));
    EXPECT_TRUE(run.fires(16, 2)) << "fired by the list";
    EXPECT_TRUE(run.fires(16, 3));
    EXPECT_TRUE(run.fires(64, 3)) << "what the first firing held";
    EXPECT_TRUE(run.fires(8, 2));
}

TEST(ScheduleDecision, AStickyFaultDoesNotShrinkToALargerFiring) {
    Decider run("nth=1,2;sticky");
    EXPECT_TRUE(run.fires(64, 1));
    EXPECT_TRUE(run.fires(100, 2));
    EXPECT_TRUE(run.fires(64, 3));
    EXPECT_TRUE(run.fires(8, 1));
    EXPECT_FALSE(run.fires(8, 2));
}

TEST(ScheduleDecision, BudgetCountsLiveBytesWithoutWrapping) {
    Decider run("budget=1KiB");
    dearth_request request = request_of(24);
    request.live_bytes = 1000;
    EXPECT_FALSE(run.fires(request));
    request.size_bytes = 25;
    EXPECT_TRUE(run.fires(request));
    request.size_bytes = UINT64_MAX;
    EXPECT_TRUE(run.fires(request));
    request = request_of(0);
    request.live_bytes = 1025;
    EXPECT_TRUE(run.fires(request)) << "over it already";
}

TEST(ScheduleDecision, FirstFiringTermDecidesAndAllCount) {
    Decider run("nth=3;move | nth=2..3;fill=1 | size>=64;nth=1");
    EXPECT_FALSE(run.decide(request_of(8)).fires);
    const Decision second = run.decide(request_of(8));
    EXPECT_TRUE(second.fires);
    EXPECT_EQ(second.term, 1u);
    EXPECT_EQ(second.action, DEARTH_ACTION_FILL);
    EXPECT_EQ(second.ordinal, 2u);
    const Decision third = run.decide(request_of(64));
    EXPECT_EQ(third.term, 0u);
    EXPECT_EQ(third.action, DEARTH_ACTION_MOVE);
    EXPECT_EQ(run.state().terms[1].seen, 3u);
    EXPECT_EQ(run.state().terms[2].seen, 1u);
    EXPECT_FALSE(run.fires(64)) << "the third term spent its ordinal on the request before";
}

TEST(ScheduleDecision, OrdinalIsThatOfTermZero) {
    Decider run("size>=64;nth=5 | nth=2");
    EXPECT_EQ(run.decide(request_of(8)).ordinal, 0u);
    EXPECT_EQ(run.decide(request_of(64)).ordinal, 1u);
    EXPECT_EQ(run.decide(request_of(8)).ordinal, 0u);
    EXPECT_EQ(run.decide(request_of(64)).ordinal, 2u);
}

TEST(ScheduleDecision, AnEmptyScheduleNeverFires) {
    const auto schedule = std::make_unique<dearth_schedule>();
    const auto state = std::make_unique<ScheduleState>();
    prepare(*schedule, *state);
    const Decision decision = decide(*schedule, *state, request_of(8), nullptr);
    EXPECT_FALSE(decision.fires);
    EXPECT_EQ(decision.ordinal, 0u);
}

TEST(ScheduleDecision, FiltersSeeWhatTheyName) {
    struct Case {
        const char* text;
        void (*change)(dearth_request&);
        bool is_seen;
    };
    const Case cases[] = {
        {"all", [](dearth_request&) {}, true},
        {"all", [](dearth_request& r) { r.op = DEARTH_OP_REALLOC; }, true},
        {"all", [](dearth_request& r) { r.op = DEARTH_OP_SHRINK; }, false},
        {"all", [](dearth_request& r) { r.op = DEARTH_OP_ARENA; }, false},
        {"op=shrink", [](dearth_request& r) { r.op = DEARTH_OP_SHRINK; }, true},
        {"op=arena", [](dearth_request& r) { r.op = DEARTH_OP_ARENA; }, true},
        {"op=calloc", [](dearth_request&) {}, false},
        {"all", [](dearth_request& r) { r.phase = DEARTH_PHASE_OPEN; }, true},
        {"all", [](dearth_request& r) { r.phase = DEARTH_PHASE_CHECK; }, false},
        {"all", [](dearth_request& r) { r.phase = DEARTH_PHASE_WARMUP; }, false},
        {"phase=run", [](dearth_request& r) { r.phase = DEARTH_PHASE_CLOSE; }, false},
        {"domain=mem,obj", [](dearth_request& r) { r.domain = 2; }, true},
        {"domain=mem,obj", [](dearth_request&) {}, false},
        {"size>=32", [](dearth_request&) {}, true},
        {"size>=33", [](dearth_request&) {}, false},
        {"size<=32", [](dearth_request&) {}, true},
        {"size<=31", [](dearth_request&) {}, false},
        {"size=32", [](dearth_request&) {}, true},
        {"align>=32", [](dearth_request&) {}, false},
        {"align>=32", [](dearth_request& r) { r.align_bytes = 32; }, true},
        {"thread=2", [](dearth_request&) {}, false},
        {"thread=2", [](dearth_request& r) { r.thread = 2; }, true},
        {"site=a", [](dearth_request& r) { r.site = 10; }, true},
        {"site=a", [](dearth_request&) {}, false},
        {"unless-phase=run", [](dearth_request&) {}, false},
        {"unless-phase=open", [](dearth_request&) {}, true},
        {"unless-size>=33", [](dearth_request&) {}, true},
        {"unless-size>=32", [](dearth_request&) {}, false},
        {"unless-size>=32;unless-domain=obj", [](dearth_request&) {}, true},
        {"op=shrink;unless-size>=32", [](dearth_request& r) { r.op = DEARTH_OP_SHRINK; }, false},
        {"stack=*", [](dearth_request&) {}, false},
        {"unless-stack=*", [](dearth_request&) {}, true},
    };
    for (const Case& each : cases) {
        for (const bool is_prepared : {false, true}) {
            SCOPED_TRACE(each.text);
            dearth_request request = request_of(32);
            each.change(request);
            EXPECT_EQ(Decider(each.text, is_prepared).fires(request), each.is_seen);
        }
    }
}

TEST(ScheduleDecision, NoMaskReachesThePhasesOfTheHarness) {
    dearth_schedule schedule = parse("all");
    schedule.terms[0].when.phase_mask = ~0u;
    for (const bool is_prepared : {false, true}) {
        const auto state = std::make_unique<ScheduleState>();
        if (is_prepared) {
            prepare(schedule, *state);
        }
        dearth_request request = request_of(32);
        EXPECT_TRUE(decide(schedule, *state, request, nullptr).fires);
        request.phase = DEARTH_PHASE_CHECK;
        EXPECT_FALSE(decide(schedule, *state, request, nullptr).fires);
    }
}

// Answers from a table and remembers what it was asked.
struct FakeMatcher {
    bool matches_stack = true;
    bool matches_module = true;
    std::vector<std::string> asked = {};

    StackMatcher table() {
        return StackMatcher{this,
                            [](void* ctx, const char* glob) {
                                auto* self = static_cast<FakeMatcher*>(ctx);
                                self->asked.push_back(std::string("stack ") + glob);
                                return self->matches_stack;
                            },
                            [](void* ctx, const char* glob) {
                                auto* self = static_cast<FakeMatcher*>(ctx);
                                self->asked.push_back(std::string("module ") + glob);
                                return self->matches_module;
                            }};
    }
};

TEST(ScheduleDecision, AsksForStacksOnlyWhenAllElseMatches) {
    FakeMatcher fake;
    const StackMatcher matcher = fake.table();
    Decider run("size>=64;stack=lua_*;module=liblua*");
    EXPECT_FALSE(run.decide(request_of(63), &matcher).fires);
    EXPECT_THAT(fake.asked, IsEmpty());
    EXPECT_TRUE(run.decide(request_of(64), &matcher).fires);
    EXPECT_THAT(fake.asked, ElementsAre("module liblua*", "stack lua_*"));
    fake = {.matches_stack = false};
    EXPECT_FALSE(run.decide(request_of(64), &matcher).fires);
    fake = {.matches_module = false};
    EXPECT_FALSE(run.decide(request_of(64), &matcher).fires);
    EXPECT_THAT(fake.asked, ElementsAre("module liblua*")) << "one mismatch is enough";
}

TEST(ScheduleDecision, AsksNothingWhenAPlainExclusionDecides) {
    FakeMatcher fake;
    const StackMatcher matcher = fake.table();
    Decider run("stack=lua_*;unless-size>=64");
    EXPECT_FALSE(run.decide(request_of(64), &matcher).fires);
    EXPECT_THAT(fake.asked, IsEmpty());
    EXPECT_TRUE(run.decide(request_of(63), &matcher).fires);
}

TEST(ScheduleDecision, ExcludesByStack) {
    FakeMatcher fake;
    const StackMatcher matcher = fake.table();
    Decider run("unless-stack=lua_*;unless-size>=64");
    EXPECT_FALSE(run.decide(request_of(64), &matcher).fires);
    EXPECT_TRUE(run.decide(request_of(63), &matcher).fires);
    fake.matches_stack = false;
    EXPECT_TRUE(run.decide(request_of(64), &matcher).fires);
}

TEST(ScheduleDecision, PreparingForgetsWhatHappened) {
    Decider run("nth=2;sticky");
    run.faults(3);
    prepare(run.schedule(), run.state());
    EXPECT_THAT(run.faults(2), ElementsAre(2));
}

}  // namespace

}  // namespace dearth::hooks
