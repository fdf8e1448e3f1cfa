// Several threads on one stack: numbers are given once, books and blocks stay right, and a fork in
// the middle does not leave a child with a lock nobody will release.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "hooks/layers/fault_layer.h"
#include "tests/hooks/layers/started_stack.h"
#include "tests/support/forked_child.h"
#include "tests/support/heap_model.h"

namespace dearth::hooks {
namespace {

using tests::HeapModel;
using tests::HeapOperation;
using tests::StartedStack;

constexpr int kThreads = 4;
constexpr unsigned kOperations = 4000;

// Heap operations from a small generator of its own, so that each thread's are known.
std::string work(const dearth_allocator& top, unsigned seed, bool must_succeed) {
    HeapModel model(top, must_succeed);
    uint64_t draw = seed;
    for (unsigned step = 0; step < kOperations; ++step) {
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        const HeapOperation operation = {
            static_cast<HeapOperation::Kind>((draw >> 33) % HeapOperation::kKindCount),
            static_cast<unsigned>(draw >> 40) % 32, (draw >> 45) % 200,
            static_cast<unsigned>(draw >> 55)};
        if (const std::string wrong = model.apply(operation); !wrong.empty()) {
            return wrong;
        }
    }
    return model.release_all();
}

void run_threads(StartedStack& stack, bool must_succeed) {
    std::vector<std::string> wrongs(kThreads);
    std::vector<std::thread> threads;
    for (int index = 0; index < kThreads; ++index) {
        threads.emplace_back([&, index] {
            wrongs[static_cast<size_t>(index)] =
                work(stack.domains[0], static_cast<unsigned>(index) + 1, must_succeed);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::string& wrong : wrongs) {
        EXPECT_EQ(wrong, "");
    }
    dearth_counters counters = {};
    dearth_read_counters(&counters);
    EXPECT_EQ(counters.misuses, 0u);
    EXPECT_EQ(counters.live_blocks, 0u);
    EXPECT_EQ(counters.live_bytes, 0u);
    EXPECT_EQ(read_fault_counters().threads, static_cast<uint64_t>(kThreads));
}

TEST(LayersThreads, EveryLayerKeepsItsBooks) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer);
        run_threads(stack, true);
    });
}

TEST(LayersThreads, FaultsOnAllThreadsAreSurvived) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer, "probability=20%;seed=7");
        run_threads(stack, false);
        EXPECT_GT(read_fault_counters().injected, 0u);
    });
}

struct Collector {
    std::vector<std::atomic<unsigned char>> seen;
    explicit Collector(size_t count) : seen(count) {}
};

TEST(LayersThreads, OrdinalsAndSerialsAreGivenOnce) {
    tests::run_in_child([] {
        constexpr size_t kRequests = 2000;
        StartedStack stack(DEARTH_LAYER_FAULT, "nth=18446744073709551615");
        static Collector ordinals(kThreads * kRequests + 1);
        static Collector serials(kThreads * kRequests + 1);
        const RequestObserver observer = {nullptr,
                                          [](void*, const RequestFacts& facts) {
                                              ++ordinals.seen.at(facts.ordinal);
                                              ++serials.seen.at(facts.serial);
                                              return false;
                                          },
                                          nullptr};
        set_observer(&observer);
        std::vector<std::thread> threads;
        for (int index = 0; index < kThreads; ++index) {
            threads.emplace_back([&] {
                for (size_t request = 0; request < kRequests; ++request) {
                    stack.release(stack.make(8));
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        for (size_t number = 1; number <= kThreads * kRequests; ++number) {
            ASSERT_EQ(ordinals.seen[number], 1);
            ASSERT_EQ(serials.seen[number], 1);
        }
    });
}

TEST(LayersThreads, PageGuardsKeepTheirBooks) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer | DEARTH_LAYER_PAGE_GUARD);
        run_threads(stack, true);
        dearth_page_guard_facts facts = {};
        dearth_page_guard_read_facts(&facts);
        EXPECT_EQ(facts.live, 0u);
        EXPECT_EQ(facts.unguarded, 0u);
        EXPECT_GT(facts.guarded, kOperations);
    });
}

TEST(LayersThreads, AForkInTheMiddleLeavesNoLockBehind) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer | DEARTH_LAYER_PAGE_GUARD);
        std::atomic<bool> is_done = false;
        std::vector<std::thread> threads;
        for (int index = 0; index < 2; ++index) {
            threads.emplace_back([&] {
                while (!is_done) {
                    stack.release(stack.make(32));
                }
            });
        }
        for (int round = 0; round < 20; ++round) {
            tests::run_in_child([&] {
                for (int request = 0; request < 100; ++request) {
                    stack.release(stack.make(64));
                }
                dearth_check_blocks();
            });
        }
        is_done = true;
        for (std::thread& thread : threads) {
            thread.join();
        }
    });
}

}  // namespace
}  // namespace dearth::hooks
