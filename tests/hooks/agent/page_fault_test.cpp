// A fault in a page of the page guard, as the agent's signal handler writes it down: misuse with
// the faulting stack, beside the crash.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "dearth/guard.h"
#include "dearth/install.h"
#include "hooks/agent/fatal_signals.h"
#include "hooks/layers/base_layer.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/page_writer.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

dearth_trial_slot* shared_slot() {
    static auto* slot = static_cast<dearth_trial_slot*>(mmap(nullptr, sizeof(dearth_trial_slot),
                                                             PROT_READ | PROT_WRITE,
                                                             MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return slot;
}

/// What is in the slot after `body` ran over a page-guarded heap, and how that ended.
template <typename Body>
int status_after(uint32_t side, Body body) {
    *shared_slot() = dearth_trial_slot{};
    return tests::status_of_child([&] {
        call_stack_prepare();
        dearth_layer_options options;
        dearth_guard_default_options(&options);
        options.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_PAGE_GUARD | DEARTH_LAYER_STACKS |
                         DEARTH_LAYER_FREE_STACKS;
        options.page_guard_side = side;
        dearth_allocator heap = {};
        ASSERT_EQ(dearth_start(&options, nullptr), 0);
        ASSERT_EQ(dearth_wrap(DEARTH_DOMAIN_RAW, &libc_allocator(), &heap), 0);
        attach_slot(shared_slot());
        catch_fatal_signals(0, 0);
        body(heap);
    });
}

void expect_recorded(int status, uint32_t kind, uint32_t access, int64_t distance) {
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGSEGV);
    const dearth_trial_slot& slot = *shared_slot();
    EXPECT_EQ(slot.fatal_signal, SIGSEGV);
    ASSERT_EQ(slot.misuse_count, 1u);
    const dearth_misuse& misuse = slot.misuses[0];
    EXPECT_EQ(misuse.kind, kind);
#if defined(__x86_64__)
    EXPECT_EQ(misuse.access, access);
#endif
    EXPECT_EQ(misuse.distance_bytes, distance);
    EXPECT_EQ(misuse.block_size_bytes, 64u);
    EXPECT_EQ(misuse.detected.is_exact, 1u);
    EXPECT_GT(misuse.detected.depth, 0u);
    EXPECT_EQ(misuse.detected.site, slot.fatal.site);
    EXPECT_GT(misuse.allocated.depth, 0u);
}

TEST(PageFault, AnOverReadIsRecordedWithTheFaultingStack) {
    const int status = status_after(DEARTH_SIDE_REAR, [](dearth_allocator& heap) {
        auto* block = static_cast<volatile unsigned char*>(heap.malloc(heap.ctx, 64));
        static_cast<void>(block[70]);
    });
    expect_recorded(status, DEARTH_MISUSE_OVERFLOW, DEARTH_ACCESS_READ, 6);
}

TEST(PageFault, AnUnderflowIsRecordedOnTheFrontSide) {
    const int status = status_after(DEARTH_SIDE_FRONT, [](dearth_allocator& heap) {
        auto* block = static_cast<volatile unsigned char*>(heap.malloc(heap.ctx, 64));
        *(block - 2) = 1;
    });
    expect_recorded(status, DEARTH_MISUSE_UNDERFLOW, DEARTH_ACCESS_WRITE, -2);
}

TEST(PageFault, AUseAfterFreeIsRecordedWithWhoFreed) {
    const int status = status_after(DEARTH_SIDE_REAR, [](dearth_allocator& heap) {
        auto* block = static_cast<volatile unsigned char*>(heap.malloc(heap.ctx, 64));
        heap.free(heap.ctx, const_cast<unsigned char*>(block));
        block[63] = 1;
    });
    expect_recorded(status, DEARTH_MISUSE_USE_AFTER_FREE, DEARTH_ACCESS_WRITE, 63);
    EXPECT_GT(shared_slot()->misuses[0].freed.depth, 0u);
}

TEST(PageFault, AnyOtherFaultIsACrashAndNoMisuse) {
    const int status = status_after(DEARTH_SIDE_REAR, [](dearth_allocator& heap) {
        heap.malloc(heap.ctx, 64);
        *reinterpret_cast<volatile unsigned char*>(uintptr_t{16}) = 1;
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(shared_slot()->fatal_signal, SIGSEGV);
    EXPECT_EQ(shared_slot()->misuse_count, 0u);
}

}  // namespace
}  // namespace dearth::hooks
