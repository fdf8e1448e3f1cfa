// Counting by several threads at once, on the lone path and on the general one.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "hooks/schedule/schedule_decision.h"

namespace dearth::hooks {

namespace {

// Goal: no ordinal is given twice or left out when threads count together.
// Method: every thread notes the ordinals it got; the first N numbers must come out, each once.
void check_counting(const char* text, bool is_prepared) {
    constexpr int kThreads = 4;
    constexpr uint64_t kRequests = 20000;
    const auto schedule = std::make_unique<dearth_schedule>();
    const auto state = std::make_unique<ScheduleState>();
    ASSERT_EQ(dearth_schedule_parse(text, schedule.get(), nullptr, 0, nullptr), 0);
    if (is_prepared) {
        prepare(*schedule, *state);
    }
    std::vector<std::vector<uint64_t>> ordinals(kThreads);
    std::vector<uint64_t> fired(kThreads, 0);
    std::vector<std::thread> threads;
    for (int index = 0; index < kThreads; ++index) {
        threads.emplace_back([&schedule, &state, &ordinals, &fired, index] {
            dearth_request request = {};
            request.phase = DEARTH_PHASE_RUN;
            for (uint64_t each = 0; each < kRequests; ++each) {
                const Decision decision = decide(*schedule, *state, request, nullptr);
                ordinals[index].push_back(decision.ordinal);
                fired[index] += decision.fires ? 1 : 0;
                if (each % 64 == 0) {
                    end_sticky(*state);
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::vector<bool> was_given(kThreads * kRequests + 1, false);
    uint64_t fired_total = 0;
    for (int index = 0; index < kThreads; ++index) {
        fired_total += fired[index];
        for (const uint64_t ordinal : ordinals[index]) {
            ASSERT_GE(ordinal, 1u);
            ASSERT_LE(ordinal, kThreads * kRequests);
            ASSERT_FALSE(was_given[ordinal]) << ordinal;
            was_given[ordinal] = true;
        }
    }
    EXPECT_EQ(fired_total, 31u);
}

TEST(ScheduleDecisionThreads, LoneTermGivesEachOrdinalOnce) {
    check_counting("nth=20..50", true);
}

TEST(ScheduleDecisionThreads, GeneralPathGivesEachOrdinalOnce) {
    check_counting("nth=20..50;times=31", true);
}

}  // namespace

}  // namespace dearth::hooks
