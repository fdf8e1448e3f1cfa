#include "hooks/layers/fault_layer.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "hooks/base/reentrancy_guard.h"
#include "hooks/layers/base_layer.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/record/call_stack.h"
#include "tests/hooks/layers/fake_allocator.h"

namespace dearth::hooks {
namespace {

dearth_schedule schedule_of(const std::string& text) {
    dearth_schedule schedule = {};
    char error[256] = {};
    size_t offset = 0;
    EXPECT_EQ(dearth_schedule_parse(text.c_str(), &schedule, error, sizeof(error), &offset), 0)
        << error;
    return schedule;
}

class FaultLayerTest : public ::testing::Test {
protected:
    void SetUp() override {
        fault_layer_open(layer_, DEARTH_DOMAIN_RAW, fake_.table(), bottom_.table(), top_);
        set_phase(DEARTH_PHASE_RUN);
        set_schedule(nullptr);
    }
    void TearDown() override {
        set_schedule(nullptr);
        set_observer(nullptr);
        set_captures_stacks(false);
        set_periodic_check(0, nullptr);
        arm();
    }

    void arm_with(const std::string& text) {
        const dearth_schedule schedule = schedule_of(text);
        set_schedule(&schedule);
    }
    void* make(size_t size_bytes = 8) { return top_.malloc(top_.ctx, size_bytes); }
    void release(void* block) { top_.free(top_.ctx, block); }

    // Which of `count` requests failed, as text: '.' passed, 'x' failed.
    std::string pattern(int count) {
        std::string text;
        for (int index = 0; index < count; ++index) {
            void* block = make();
            text += block == nullptr ? 'x' : '.';
            release(block);
        }
        return text;
    }

    tests::FakeAllocator fake_;
    tests::FakeAllocator bottom_;
    FaultLayer layer_ = {};
    dearth_allocator top_ = {};
};

TEST_F(FaultLayerTest, NothingArmedPassesEverything) {
    EXPECT_EQ(pattern(10), "..........");
    EXPECT_EQ(read_fault_counters().requests, 10u);
    EXPECT_EQ(read_fault_counters().injected, 0u);
    EXPECT_EQ(fake_.requests, 10);
    EXPECT_EQ(fake_.frees, 10);
}

TEST_F(FaultLayerTest, TheNthRequestFails) {
    arm_with("nth=3;once");
    EXPECT_EQ(pattern(5), "..x..");
    EXPECT_EQ(fake_.requests, 4) << "a failed request leaves no trace beneath";
    EXPECT_EQ(read_fault_counters().injected, 1u);
    EXPECT_EQ(read_fault_counters().exhausted, 0u);
}

TEST_F(FaultLayerTest, PersistentFailsAllThatFollow) {
    arm_with("nth=3;persistent");
    EXPECT_EQ(pattern(6), "..xxxx");
}

TEST_F(FaultLayerTest, EveryEntryPointFailsWithEnomem) {
    struct EntryPoint {
        const char* op;
        std::function<void*(void*)> call;
    };
    const std::vector<EntryPoint> entry_points = {
        {"malloc", [&](void*) { return top_.malloc(top_.ctx, 8); }},
        {"calloc", [&](void*) { return top_.calloc(top_.ctx, 2, 4); }},
        {"realloc", [&](void*) { return top_.realloc(top_.ctx, nullptr, 8); }},
        {"realloc", [&](void* block) { return top_.realloc(top_.ctx, block, 8000); }},
        {"aligned", [&](void*) { return top_.aligned_alloc(top_.ctx, 64, 8); }},
    };
    for (const EntryPoint& entry : entry_points) {
        set_schedule(nullptr);
        auto* block = static_cast<char*>(make(4));
        std::strcpy(block, "abc");
        arm_with(std::string("all;op=") + entry.op);
        errno = 0;
        EXPECT_EQ(entry.call(block), nullptr) << entry.op;
        EXPECT_EQ(errno, ENOMEM) << entry.op;
        EXPECT_STREQ(block, "abc") << "a failed realloc keeps the old block";
        EXPECT_EQ(read_fault_counters().injected, 1u);
        release(block);
    }
}

TEST_F(FaultLayerTest, SuccessKeepsErrno) {
    arm_with("nth=1000");
    set_captures_stacks(true);
    errno = EDOM;
    void* block = make();
    block = top_.realloc(top_.ctx, block, 100);
    release(block);
    EXPECT_EQ(errno, EDOM);
}

TEST_F(FaultLayerTest, RealExhaustionIsCountedApart) {
    fake_.is_failing = true;
    errno = 0;
    EXPECT_EQ(make(), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(read_fault_counters().exhausted, 1u);
    EXPECT_EQ(read_fault_counters().injected, 0u);
}

TEST_F(FaultLayerTest, OverflowingSizesFailWithoutReachingTheLayerBeneath) {
    EXPECT_EQ(make(size_t{PTRDIFF_MAX} + 1), nullptr);
    EXPECT_EQ(top_.calloc(top_.ctx, SIZE_MAX / 2, 3), nullptr);
    EXPECT_EQ(top_.realloc(top_.ctx, nullptr, SIZE_MAX), nullptr);
    EXPECT_EQ(top_.aligned_alloc(top_.ctx, 64, SIZE_MAX), nullptr);
    EXPECT_EQ(fake_.requests, 0);
    EXPECT_EQ(read_fault_counters().requests, 4u);
}

TEST_F(FaultLayerTest, NestedRequestsGoToTheBottomUncounted) {
    arm_with("all");
    const ReentrancyGuard inside;
    void* block = make();
    block = top_.realloc(top_.ctx, block, 20);
    release(block);
    release(top_.calloc(top_.ctx, 1, 1));
    release(top_.aligned_alloc(top_.ctx, 32, 1));
    EXPECT_EQ(bottom_.requests, 4);
    EXPECT_EQ(bottom_.frees, 3);
    EXPECT_EQ(fake_.requests + fake_.frees, 0);
    EXPECT_EQ(read_fault_counters().requests, 0u);
}

TEST_F(FaultLayerTest, AShrinkingReallocIsExemptUnlessAskedFor) {
    void* block = make(100);
    arm_with("all");
    expect_size(DEARTH_DOMAIN_RAW, block, 100);
    void* shrunk = top_.realloc(top_.ctx, block, 50);
    ASSERT_NE(shrunk, nullptr);
    arm_with("all;op=shrink");
    expect_size(DEARTH_DOMAIN_RAW, shrunk, 50);
    shrunk = top_.realloc(top_.ctx, shrunk, 50);
    ASSERT_NE(shrunk, nullptr) << "as large as before: no shrink";
    expect_size(DEARTH_DOMAIN_RAW, shrunk, 50);
    EXPECT_EQ(top_.realloc(top_.ctx, shrunk, 49), nullptr);
    release(shrunk);
}

TEST_F(FaultLayerTest, DisarmedRequestsHaveNoOrdinal) {
    arm_with("nth=2");
    disarm();
    EXPECT_EQ(pattern(3), "...");
    arm();
    EXPECT_EQ(pattern(3), ".x.");
    EXPECT_EQ(read_fault_counters().requests, 6u);
}

TEST_F(FaultLayerTest, PhasesFilterAndEndSticky) {
    arm_with("nth=1;sticky;phase=run");
    set_phase(DEARTH_PHASE_OPEN);
    EXPECT_EQ(pattern(2), "..");
    EXPECT_EQ(set_phase(DEARTH_PHASE_RUN), DEARTH_PHASE_OPEN);
    EXPECT_EQ(current_phase(), DEARTH_PHASE_RUN);
    EXPECT_EQ(pattern(3), "xxx");
    control_returned();
    EXPECT_EQ(pattern(2), "..");
    set_phase(DEARTH_PHASE_CHECK);
    EXPECT_EQ(pattern(2), "..");
}

TEST_F(FaultLayerTest, FillOverwritesTheNewBytesOnly) {
    void* block = make(4);
    std::memset(block, 1, 4);
    arm_with("all;fill=0x5A");
    expect_size(DEARTH_DOMAIN_RAW, block, 4);
    auto* grown = static_cast<unsigned char*>(top_.realloc(top_.ctx, block, 8));
    EXPECT_EQ(std::vector<int>(grown, grown + 8),
              (std::vector<int>{1, 1, 1, 1, 0x5A, 0x5A, 0x5A, 0x5A}));
    release(grown);
    auto* made = static_cast<unsigned char*>(make(3));
    EXPECT_EQ(made[2], 0x5A);
    release(made);
}

TEST_F(FaultLayerTest, MoveGivesANewAddressAndKeepsTheBytes) {
    auto* block = static_cast<char*>(make(32));
    std::strcpy(block, "kept");
    arm_with("all;move;op=realloc,shrink");
    expect_size(DEARTH_DOMAIN_RAW, block, 32);
    auto* moved = static_cast<char*>(top_.realloc(top_.ctx, block, 33));
    EXPECT_NE(moved, block);
    EXPECT_STREQ(moved, "kept");
    release(moved);
}

TEST_F(FaultLayerTest, PeriodicCheckRunsEveryNRequests) {
    static int checks = 0;
    checks = 0;
    set_periodic_check(3, [] { ++checks; });
    pattern(10);
    EXPECT_EQ(checks, 3);
}

TEST_F(FaultLayerTest, BudgetSeesTheLiveBytes) {
    arm_with("budget=100");
    const uint64_t before = heap_totals.live_bytes;
    heap_totals.live_bytes = 60;
    void* fits = make(40);
    EXPECT_NE(fits, nullptr);
    EXPECT_EQ(make(41), nullptr);
    heap_totals.live_bytes = before;
    release(fits);
}

struct Seen {
    std::vector<RequestFacts> requests;
    std::vector<uint32_t> injected;
    uint64_t replace_at = 0;
    dearth_schedule replacement = {};
};

bool note_request(void* ctx, const RequestFacts& facts) {
    auto& seen = *static_cast<Seen*>(ctx);
    seen.requests.push_back(facts);
    if (facts.ordinal != seen.replace_at || facts.ordinal == 0) {
        return false;
    }
    replace_schedule_keeping_ordinals(seen.replacement);
    return true;
}

void note_injected(void* ctx, const RequestFacts& facts, uint32_t action) {
    auto& seen = *static_cast<Seen*>(ctx);
    EXPECT_NE(facts.serial, 0u);
    seen.injected.push_back(action);
}

TEST_F(FaultLayerTest, ObserverSeesEveryRequestWithItsNumbers) {
    Seen seen;
    const RequestObserver observer = {&seen, note_request, note_injected};
    set_observer(&observer);
    arm_with("nth=2;size>=100");
    release(make(8));
    release(make(100));
    EXPECT_EQ(make(200), nullptr);
    ASSERT_EQ(seen.requests.size(), 3u);
    EXPECT_EQ(seen.requests[0].ordinal, 0u);
    EXPECT_EQ(seen.requests[1].ordinal, 1u);
    EXPECT_EQ(seen.requests[2].ordinal, 2u);
    EXPECT_EQ(seen.requests[2].serial, 3u);
    EXPECT_EQ(seen.requests[2].request.size_bytes, 200u);
    EXPECT_EQ(seen.requests[2].request.phase, static_cast<uint32_t>(DEARTH_PHASE_RUN));
    EXPECT_EQ(seen.injected, std::vector<uint32_t>{DEARTH_ACTION_FAIL});
    EXPECT_EQ(read_fault_counters().selected, 2u);
}

// What a child of the explorer does: at an ordinal it swaps the window for a failing schedule, and
// the same request is decided anew, as the same ordinal.
TEST_F(FaultLayerTest, ReplacedScheduleDecidesTheSameOrdinal) {
    for (const char* kind : {"once", "persistent"}) {
        Seen seen;
        seen.replace_at = 4;
        seen.replacement = schedule_of(std::string("nth=4;") + kind);
        const RequestObserver observer = {&seen, note_request, note_injected};
        arm_with("nth=18446744073709551615");
        set_observer(&observer);
        EXPECT_EQ(pattern(7), std::string(kind) == "once" ? "...x..." : "...xxxx");
        EXPECT_EQ(seen.requests.back().ordinal, 7u);
    }
}

__attribute__((noinline)) void* request_from_one_place(const dearth_allocator& top) {
    void* block = top.malloc(top.ctx, 8);
    __asm__ volatile("" ::: "memory");
    return block;
}

TEST_F(FaultLayerTest, OccurrencesCountTheSelectedRequestsOfASite) {
    Seen seen;
    const RequestObserver observer = {&seen, note_request, note_injected};
    arm_with("nth=1000;phase=run");
    set_captures_stacks(true);
    set_observer(&observer);
    set_phase(DEARTH_PHASE_OPEN);
    for (int index = 0; index < 4; ++index) {
        set_phase(index == 1 ? DEARTH_PHASE_OPEN : DEARTH_PHASE_RUN);
        release(request_from_one_place(top_));
    }
    release(make());
    ASSERT_EQ(seen.requests.size(), 5u);
    std::vector<uint64_t> occurrences;
    for (const RequestFacts& facts : seen.requests) {
        occurrences.push_back(facts.occurrence);
    }
    EXPECT_EQ(occurrences, (std::vector<uint64_t>{1, 0, 2, 3, 1}));
    EXPECT_EQ(seen.requests[0].request.site, seen.requests[3].request.site);
    EXPECT_NE(seen.requests[0].request.site, seen.requests[4].request.site);
}

TEST_F(FaultLayerTest, ArenasAreSeenOnlyWhenNamed) {
    static int arenas = 0;
    arenas = 0;
    ArenaFaultLayer layer = {};
    dearth_arena_allocator top = {};
    const dearth_arena_allocator beneath = {
        nullptr, [](void*, size_t size_bytes) { return ++arenas, std::malloc(size_bytes); },
        [](void*, void* arena, size_t) { std::free(arena); }};
    arena_fault_layer_open(layer, beneath, top);
    arm_with("all");
    void* arena = top.alloc(top.ctx, 1024);
    ASSERT_NE(arena, nullptr);
    top.free(top.ctx, arena, 1024);
    EXPECT_EQ(read_fault_counters().requests, 0u);
    arm_with("nth=1;op=arena");
    const ReentrancyGuard inside;  // as it happens: inside an object request
    errno = 0;
    EXPECT_EQ(top.alloc(top.ctx, 1024), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(read_fault_counters().injected, 1u);
    EXPECT_TRUE(is_inside_request);
}

}  // namespace
}  // namespace dearth::hooks
