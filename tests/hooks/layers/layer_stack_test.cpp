// The whole stack: what dearth/install.h promises.
#include "hooks/layers/layer_stack.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>

#include "dearth/ledger.h"
#include "tests/hooks/layers/started_stack.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

using tests::options_with;
using tests::StartedStack;

dearth_counters counters() {
    dearth_counters read = {};
    dearth_read_counters(&read);
    return read;
}

TEST(LayerStack, RefusesWhatIsOutOfRange) {
    tests::run_in_child([] {
        const auto expect_refused = [](auto change) {
            dearth_layer_options options = options_with(tests::kEveryLayer);
            change(options);
            errno = 0;
            EXPECT_EQ(dearth_start(&options, nullptr), -1);
            EXPECT_EQ(errno, EINVAL);
        };
        expect_refused([](dearth_layer_options& options) { options.layers = 1u << 20; });
        expect_refused([](dearth_layer_options& options) { options.guard_before_bytes = 0; });
        expect_refused([](dearth_layer_options& options) { options.guard_before_bytes = 24; });
        expect_refused([](dearth_layer_options& options) { options.guard_before_bytes = 8192; });
        expect_refused([](dearth_layer_options& options) { options.guard_after_bytes = 7; });
        expect_refused([](dearth_layer_options& options) { options.guard_after_bytes = 4097; });
        expect_refused([](dearth_layer_options& options) { options.clean_byte = 256; });
        EXPECT_EQ(dearth_start(nullptr, nullptr), -1);
    });
}

TEST(LayerStack, WrapsEachDomainOnceAndOnlyWhenStarted) {
    tests::run_in_child([] {
        dearth_allocator wrapped = {};
        EXPECT_EQ(dearth_wrap(DEARTH_DOMAIN_RAW, &libc_allocator(), &wrapped), -1);
        EXPECT_EQ(errno, EINVAL);
        const dearth_layer_options options = options_with(DEARTH_LAYER_FAULT);
        ASSERT_EQ(dearth_start(&options, nullptr), 0);
        EXPECT_EQ(dearth_wrap(DEARTH_DOMAIN_COUNT, &libc_allocator(), &wrapped), -1);
        EXPECT_EQ(dearth_wrap(DEARTH_DOMAIN_RAW, nullptr, &wrapped), -1);
        dearth_allocator incomplete = libc_allocator();
        incomplete.calloc = nullptr;
        EXPECT_EQ(dearth_wrap(DEARTH_DOMAIN_RAW, &incomplete, &wrapped), -1);
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(dearth_wrap(DEARTH_DOMAIN_RAW, &libc_allocator(), &wrapped), 0);
        EXPECT_EQ(dearth_wrap(DEARTH_DOMAIN_RAW, &libc_allocator(), &wrapped), -1);
        EXPECT_EQ(errno, EBUSY);
    });
}

TEST(LayerStack, CountersTellRequestsAndWhatIsAlive) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer, "nth=3");
        void* one = stack.make(10);
        void* two = stack.make(20, DEARTH_DOMAIN_OBJECT);
        EXPECT_EQ(stack.make(30), nullptr);
        EXPECT_EQ(counters().requests, 3u);
        EXPECT_EQ(counters().injected, 1u);
        EXPECT_EQ(counters().exhausted, 0u);
        EXPECT_EQ(counters().live_blocks, 2u);
        EXPECT_EQ(counters().live_bytes, 30u);
        stack.release(one);
        stack.release(two, DEARTH_DOMAIN_OBJECT);
        EXPECT_EQ(counters().live_bytes, 0u);
        EXPECT_EQ(counters().peak_bytes, 30u);
        stack.release(one);
        EXPECT_EQ(counters().misuses, 1u);
    });
}

TEST(LayerStack, ASecondStartReplacesTheScheduleAndKeepsTheLayers) {
    tests::run_in_child([] {
        StartedStack stack(DEARTH_LAYER_FAULT | DEARTH_LAYER_GUARD, "nth=1");
        EXPECT_EQ(stack.make(1), nullptr);
        StartedStack::start(options_with(DEARTH_LAYER_FAULT), "nth=2");
        EXPECT_EQ(counters().requests, 0u);
        unsigned char* block = stack.make(1);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(stack.make(1), nullptr);
        block[1] = 0;
        stack.release(block);
        EXPECT_EQ(stack.slot.misuse_count, 1u) << "the guards are still there";
        EXPECT_EQ(dearth_start(nullptr, nullptr), 0);
    });
}

TEST(LayerStack, WithoutTheFaultLayerNothingFails) {
    tests::run_in_child([] {
        StartedStack stack(DEARTH_LAYER_LEDGER, "all");
        void* block = stack.make(1);
        EXPECT_NE(block, nullptr);
        EXPECT_EQ(counters().requests, 1u);
        stack.release(block);
    });
}

// What the detectors are for, proved on themselves: a caller's bug made by the schedule.
TEST(LayerStack, ACorruptedGuardIsFound) {
    struct Case {
        const char* schedule;
        uint32_t kind;
        int64_t distance;
        uint32_t changed;
    };
    const Case cases[] = {
        {"nth=2;corrupt-rear", DEARTH_MISUSE_OVERFLOW, 0, 1},
        {"nth=2;corrupt-rear=3@2", DEARTH_MISUSE_OVERFLOW, 2, 3},
        {"nth=2;corrupt-front", DEARTH_MISUSE_UNDERFLOW, -1, 1},
        {"nth=2;corrupt-front=4@3", DEARTH_MISUSE_UNDERFLOW, -4, 4},
    };
    for (const Case& one : cases) {
        SCOPED_TRACE(one.schedule);
        tests::run_in_child([&] {
            StartedStack stack(DEARTH_LAYER_FAULT, one.schedule);
            void* first = stack.make(20);
            void* second = stack.make(20);
            stack.release(first);
            EXPECT_EQ(stack.slot.misuse_count, 0u);
            stack.release(second);
            ASSERT_EQ(stack.slot.misuse_count, 1u);
            EXPECT_EQ(stack.slot.misuses[0].kind, one.kind);
            EXPECT_EQ(stack.slot.misuses[0].distance_bytes, one.distance);
            EXPECT_EQ(stack.slot.misuses[0].changed_bytes, one.changed);
        });
    }
}

// Some layouts have a way of their own through the layers; it must see what the long way sees.
TEST(LayerStack, EveryGuardByteIsCheckedWhateverTheLayout) {
    for (const uint32_t after : {8u, 16u, 24u}) {
        SCOPED_TRACE(after);
        tests::run_in_child([&] {
            dearth_layer_options options =
                options_with(DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD);
            options.guard_after_bytes = after;
            StartedStack stack(options);
            uint64_t expected = 0;
            // Every way to make a block, and one to change it.
            for (int way = 0; way < 4; ++way) {
                const auto make = [&] {
                    const dearth_allocator& top = stack.domains[0];
                    switch (way) {
                        case 0:
                            return stack.make(44);
                        case 1:
                            return static_cast<unsigned char*>(top.calloc(top.ctx, 11, 4));
                        case 2:
                            return stack.resize(nullptr, 44);
                        default:
                            return stack.resize(stack.make(300), 44);
                    }
                };
                stack.release(make());
                EXPECT_EQ(counters().misuses, expected) << "a sound block, way " << way;
                for (uint32_t offset = 0; offset < after; ++offset) {
                    unsigned char* block = make();
                    block[44 + offset] ^= 1;
                    stack.release(block);
                    EXPECT_EQ(counters().misuses, ++expected) << way << ", byte " << offset;
                }
                expected = counters().misuses;
            }
            EXPECT_EQ(counters().live_blocks, 0u);
        });
    }
}

TEST(LayerStack, BudgetsCountLiveBytes) {
    tests::run_in_child([] {
        StartedStack stack(DEARTH_LAYER_FAULT, "budget=100");
        void* block = stack.make(60);
        EXPECT_EQ(stack.make(41), nullptr);
        stack.release(block);
        block = stack.make(100);
        EXPECT_NE(block, nullptr);
        EXPECT_EQ(stack.make(1, DEARTH_DOMAIN_MEM), nullptr) << "one budget for all domains";
        stack.release(block);
    });
}

// An object allocator that takes large blocks from the raw domain, as CPython's does: the inner
// request is no request, and its block is no block of the raw domain.
TEST(LayerStack, ADomainBuiltOnAnotherIsSeenOnce) {
    tests::run_in_child([] {
        static dearth_allocator raw = {};
        const dearth_layer_options options = options_with(tests::kEveryLayer);
        ASSERT_EQ(dearth_start(&options, nullptr), 0);
        ASSERT_EQ(dearth_wrap(DEARTH_DOMAIN_RAW, &libc_allocator(), &raw), 0);
        const dearth_allocator beneath = {
            nullptr,
            [](void*, size_t size_bytes) { return raw.malloc(raw.ctx, size_bytes); },
            [](void*, size_t count, size_t bytes) { return raw.calloc(raw.ctx, count, bytes); },
            [](void*, void* block, size_t bytes) { return raw.realloc(raw.ctx, block, bytes); },
            [](void*, void* block) { raw.free(raw.ctx, block); },
            nullptr,
            nullptr};
        dearth_allocator object = {};
        ASSERT_EQ(dearth_wrap(DEARTH_DOMAIN_OBJECT, &beneath, &object), 0);
        EXPECT_EQ(object.aligned_alloc, nullptr);
        void* block = object.malloc(object.ctx, 1000);
        block = object.realloc(object.ctx, block, 2000);
        EXPECT_EQ(counters().requests, 2u);
        EXPECT_EQ(counters().live_blocks, 1u);
        object.free(object.ctx, block);
        EXPECT_EQ(counters().live_blocks, 0u);
        EXPECT_EQ(counters().misuses, 0u);
    });
}

__attribute__((noinline)) void* leak_one(StartedStack& stack) {
    void* block = stack.make(8);
    __asm__ volatile("" ::: "memory");
    return block;
}

__attribute__((noinline)) void* leak_other(StartedStack& stack) {
    void* block = stack.make(100);
    __asm__ volatile("" ::: "memory");
    return block;
}

TEST(LayerStack, LeaksAreTakenTogetherByCallSite) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer);
        leak_one(stack);
        const dearth_snapshot mark = dearth_take_snapshot();
        for (int round = 0; round < 5; ++round) {
            leak_one(stack);
            leak_other(stack);
        }
        dearth_leak_site sites[4] = {};
        ASSERT_EQ(dearth_difference(mark, sites, 4), 2u);
        EXPECT_EQ(sites[0].blocks, 5u);
        EXPECT_EQ(sites[0].bytes, 500u);
        EXPECT_EQ(sites[1].bytes, 40u);
        EXPECT_GT(sites[0].allocated.depth, 0u);
        EXPECT_NE(sites[0].allocated.site, sites[1].allocated.site);
    });
}

TEST(LayerStack, AChildOfForkGoesOnWithTheBooksItInherits) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer);
        void* block = stack.make(10);
        tests::run_in_child([&] {
            stack.release(block);
            EXPECT_EQ(counters().live_blocks, 0u);
            stack.release(block);
            EXPECT_EQ(stack.slot.misuse_count, 1u);
        });
        EXPECT_EQ(counters().live_blocks, 1u);
        EXPECT_EQ(stack.slot.misuse_count, 0u);
        stack.release(block);
    });
}

TEST(LayerStack, ZeroBytesAreDistinctBlocksInEveryDomain) {
    tests::run_in_child([] {
        StartedStack stack(tests::kEveryLayer);
        for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
            unsigned char* one = stack.make(0, domain);
            unsigned char* two = stack.make(0, domain);
            EXPECT_NE(one, nullptr);
            EXPECT_NE(one, two);
            one = stack.resize(stack.resize(one, 40, domain), 0, domain);
            EXPECT_NE(one, nullptr) << "realloc to zero keeps the block";
            stack.release(one, domain);
            stack.release(two, domain);
        }
        EXPECT_EQ(counters().misuses, 0u);
        EXPECT_EQ(counters().live_blocks, 0u);
    });
}

}  // namespace
}  // namespace dearth::hooks
