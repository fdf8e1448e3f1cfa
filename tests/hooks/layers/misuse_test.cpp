// Each misuse, made through every entry point that can make a block, is found once, reported once,
// and its near miss is not reported. One table of entry points, one of misuses.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "tests/hooks/layers/started_stack.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

using tests::StartedStack;

struct EntryPoint {
    const char* name;
    unsigned char* (*make)(StartedStack& stack, size_t size_bytes);
};

const std::vector<EntryPoint> kEntryPoints = {
    {"malloc", [](StartedStack& stack, size_t size_bytes) { return stack.make(size_bytes); }},
    {"calloc",
     [](StartedStack& stack, size_t size_bytes) {
         const dearth_allocator& top = stack.domains[0];
         return static_cast<unsigned char*>(top.calloc(top.ctx, 1, size_bytes));
     }},
    {"realloc of null",
     [](StartedStack& stack, size_t size_bytes) { return stack.resize(nullptr, size_bytes); }},
    {"growing realloc",
     [](StartedStack& stack, size_t size_bytes) {
         return stack.resize(stack.make(size_bytes / 2), size_bytes);
     }},
    {"shrinking realloc",
     [](StartedStack& stack, size_t size_bytes) {
         return stack.resize(stack.make(size_bytes * 3), size_bytes);
     }},
    {"aligned_alloc",
     [](StartedStack& stack, size_t size_bytes) {
         const dearth_allocator& top = stack.domains[0];
         return static_cast<unsigned char*>(top.aligned_alloc(top.ctx, 64, size_bytes));
     }},
};

constexpr size_t kBytes = 50;

struct Misuse {
    const char* name;
    dearth_misuse_kind kind;
    /// Misuses the block, up to its end if it can be freed; the near miss does not.
    void (*commit)(StartedStack& stack, unsigned char* block, bool is_near_miss);
};

const std::vector<Misuse> kMisuses = {
    {"overflow found at free", DEARTH_MISUSE_OVERFLOW,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         block[kBytes - (is_near_miss ? 1 : 0)] = 0x11;
         stack.release(block);
     }},
    {"overflow found at realloc", DEARTH_MISUSE_OVERFLOW,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         block[kBytes - (is_near_miss ? 1 : 0)] = 0x11;
         stack.release(stack.resize(block, 400));
     }},
    {"overflow found on demand", DEARTH_MISUSE_OVERFLOW,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         block[kBytes - (is_near_miss ? 1 : 0)] = 0x11;
         EXPECT_EQ(dearth_check_blocks(), is_near_miss ? 0u : 1u);
         EXPECT_EQ(dearth_check_blocks(), 0u);
         stack.release(block);
     }},
    {"underflow found at free", DEARTH_MISUSE_UNDERFLOW,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         *(block - (is_near_miss ? 0 : 1)) = 0x11;
         stack.release(block);
     }},
    {"underflow over the size field", DEARTH_MISUSE_UNDERFLOW,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         std::memset(block - (is_near_miss ? 0 : 16), 0x11, 16);
         dearth_check_blocks();
         stack.release(block);
     }},
    {"use after free", DEARTH_MISUSE_USE_AFTER_FREE,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         if (is_near_miss) {
             block[7] = 0x11;
         }
         stack.release(block);
         if (!is_near_miss) {
             block[7] = 0x11;
         }
         dearth_check_blocks();
         dearth_check_blocks();
     }},
    {"double free", DEARTH_MISUSE_DOUBLE_FREE,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         stack.release(block);
         if (!is_near_miss) {
             stack.release(block);
         }
     }},
    {"realloc of a freed block", DEARTH_MISUSE_DOUBLE_FREE,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         stack.release(block);
         if (!is_near_miss) {
             EXPECT_EQ(stack.resize(block, 10), nullptr);
         }
     }},
    {"interior free", DEARTH_MISUSE_INVALID_FREE,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         if (!is_near_miss) {
             stack.release(block + 16);
         }
         stack.release(block);
     }},
    {"foreign free", DEARTH_MISUSE_INVALID_FREE,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         int local = 0;
         stack.release(is_near_miss ? nullptr : &local);
         stack.release(block);
     }},
    {"wrong domain", DEARTH_MISUSE_WRONG_DOMAIN,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         if (!is_near_miss) {
             stack.release(block, DEARTH_DOMAIN_OBJECT);
         }
         stack.release(block);
     }},
    {"mismatched free", DEARTH_MISUSE_MISMATCHED_FREE,
     [](StartedStack& stack, unsigned char* block, bool is_near_miss) {
         dearth_expect_size(DEARTH_DOMAIN_RAW, block, is_near_miss ? kBytes : kBytes + 1);
         stack.release(block);
     }},
};

void expect_one_report(const StartedStack& stack, const Misuse& misuse, const unsigned char* block,
                       bool has_stacks) {
    ASSERT_EQ(stack.slot.misuse_count, 1u);
    const dearth_misuse& found = stack.slot.misuses[0];
    EXPECT_EQ(found.kind, static_cast<uint32_t>(misuse.kind));
    EXPECT_EQ(found.domain, misuse.kind == DEARTH_MISUSE_WRONG_DOMAIN
                                ? static_cast<uint32_t>(DEARTH_DOMAIN_OBJECT)
                                : static_cast<uint32_t>(DEARTH_DOMAIN_RAW));
    EXPECT_EQ(found.phase, static_cast<uint32_t>(DEARTH_PHASE_RUN));
    if (misuse.kind != DEARTH_MISUSE_INVALID_FREE) {
        EXPECT_EQ(found.address, reinterpret_cast<uint64_t>(block));
        EXPECT_EQ(found.block_size_bytes, kBytes);
    }
    if (!has_stacks) {
        return;
    }
    if (misuse.kind != DEARTH_MISUSE_INVALID_FREE) {
        EXPECT_NE(found.serial, 0u);
        EXPECT_GT(found.allocated.depth, 0u);
    }
    EXPECT_GT(found.detected.depth, 0u);
    const bool was_freed =
        misuse.kind == DEARTH_MISUSE_DOUBLE_FREE || misuse.kind == DEARTH_MISUSE_USE_AFTER_FREE;
    EXPECT_EQ(found.freed.depth > 0, was_freed);
}

// The layers' own tables, one upon the other, and the table they are fused into.
constexpr uint32_t kStacks[] = {tests::kEveryLayer,
                                DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD};

class MisuseIn : public ::testing::TestWithParam<uint32_t> {};

INSTANTIATE_TEST_SUITE_P(Stacks, MisuseIn, ::testing::ValuesIn(kStacks),
                         [](const ::testing::TestParamInfo<uint32_t>& tested) {
                             return tested.param == tests::kEveryLayer ? "Layered" : "Fused";
                         });

TEST_P(MisuseIn, IsFoundOnceThroughEveryEntryPoint) {
    for (const Misuse& misuse : kMisuses) {
        if (misuse.kind == DEARTH_MISUSE_USE_AFTER_FREE && GetParam() != tests::kEveryLayer) {
            continue;  // the quarantine's to find
        }
        for (const EntryPoint& entry : kEntryPoints) {
            SCOPED_TRACE(std::string(misuse.name) + " of a block from " + entry.name);
            tests::run_in_child([&] {
                StartedStack stack(GetParam());
                unsigned char* block = entry.make(stack, kBytes);
                ASSERT_NE(block, nullptr);
                misuse.commit(stack, block, false);
                expect_one_report(stack, misuse, block, GetParam() == tests::kEveryLayer);
            });
        }
    }
}

TEST_P(MisuseIn, NearMissesAreSilent) {
    for (const Misuse& misuse : kMisuses) {
        for (const EntryPoint& entry : kEntryPoints) {
            SCOPED_TRACE(std::string(misuse.name) + " of a block from " + entry.name);
            tests::run_in_child([&] {
                StartedStack stack(GetParam());
                misuse.commit(stack, entry.make(stack, kBytes), true);
                EXPECT_EQ(stack.slot.misuse_count, 0u);
                EXPECT_EQ(dearth_check_blocks(), 0u);
            });
        }
    }
}

TEST(Misuse, OfABlockThatIsNeverFreedIsFoundByTheSweep) {
    tests::run_in_child([] {
        StartedStack stack(DEARTH_LAYER_FAULT | DEARTH_LAYER_GUARD);
        unsigned char* block = stack.make(10);
        *(block - 3) = 0;
        EXPECT_EQ(dearth_check_blocks(), 1u);
        EXPECT_EQ(stack.slot.misuses[0].kind, static_cast<uint32_t>(DEARTH_MISUSE_UNDERFLOW));
        EXPECT_EQ(stack.slot.misuses[0].distance_bytes, -3);
        EXPECT_EQ(stack.slot.misuses[0].op, static_cast<uint32_t>(DEARTH_OP_COUNT));
    });
}

TEST(Misuse, PeriodicSweepsFindItNRequestsLater) {
    tests::run_in_child([] {
        dearth_layer_options options = tests::options_with(DEARTH_LAYER_FAULT | DEARTH_LAYER_GUARD);
        options.guard_every = 10;
        EXPECT_EQ(dearth_start(&options, nullptr), 0);
        StartedStack stack(DEARTH_LAYER_FAULT | DEARTH_LAYER_GUARD);
        unsigned char* block = stack.make(10);
        block[10] = 0;
        for (int request = 0; request < 10; ++request) {
            stack.release(stack.make(1));
        }
        EXPECT_EQ(stack.slot.misuse_count, 1u);
    });
}

TEST(Misuse, AbortsAfterTheReportWhenTold) {
    const auto output = tests::output_of_child([] {
        dearth_layer_options options = tests::options_with(DEARTH_LAYER_GUARD);
        options.aborts_on_misuse = 1;
        EXPECT_EQ(dearth_start(&options, nullptr), 0);
        StartedStack stack(DEARTH_LAYER_GUARD);
        hooks::attach_slot(nullptr);
        unsigned char* block = stack.make(10);
        stack.release(block);
        stack.release(block);
    });
    EXPECT_TRUE(WIFSIGNALED(output.status));
    EXPECT_EQ(WTERMSIG(output.status), SIGABRT);
    EXPECT_EQ(output.err.rfind("dearth: double free", 0), 0u) << output.err;
}

}  // namespace
}  // namespace dearth::hooks
