#include "hooks/record/page_writer.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>
#include <unistd.h>

#include "dearth/allocator.h"
#include "hooks/base/die.h"
#include "hooks/record/call_stack.h"
#include "hooks/record/stack_depot.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

dearth_misuse overflow_at(uint64_t address) {
    dearth_misuse misuse = {};
    misuse.kind = DEARTH_MISUSE_OVERFLOW;
    misuse.domain = DEARTH_DOMAIN_MEM;
    misuse.block_domain = DEARTH_DOMAIN_MEM;
    misuse.address = address;
    misuse.block_size_bytes = 24;
    misuse.changed_bytes = 3;
    misuse.distance_bytes = 1;
    misuse.serial = 17;
    return misuse;
}

class PageWriter : public ::testing::Test {
protected:
    void SetUp() override {
        reset_reported_misuses();
        set_reported_phase(DEARTH_PHASE_RUN);
        attach_slot(&slot_);
    }
    void TearDown() override {
        attach_slot(nullptr);
        set_misuse_describer(nullptr);
    }
    dearth_trial_slot slot_ = {};
};

TEST_F(PageWriter, KeepsTheFirstMisusesAndCountsAll) {
    for (uint64_t address = 1; address <= DEARTH_MISUSES_MAX + 3; ++address) {
        dearth_misuse misuse = overflow_at(address);
        report_misuse(misuse);
    }
    EXPECT_EQ(slot_.misuse_count, DEARTH_MISUSES_MAX + 3u);
    EXPECT_EQ(reported_misuses(), DEARTH_MISUSES_MAX + 3u);
    for (uint64_t index = 0; index < DEARTH_MISUSES_MAX; ++index) {
        EXPECT_EQ(slot_.misuses[index].address, index + 1);
    }
    EXPECT_EQ(slot_.note[0], '\0') << "nothing was written behind the misuses";
}

TEST_F(PageWriter, AddsPhaseOpAndTheDetectingStack) {
    call_stack_prepare();
    request_context.op = DEARTH_OP_REALLOC;
    dearth_misuse misuse = overflow_at(1);
    errno = EDOM;
    report_misuse(misuse);
    EXPECT_EQ(errno, EDOM);
    request_context.op = DEARTH_OP_COUNT;
    EXPECT_EQ(slot_.misuses[0].op, static_cast<uint32_t>(DEARTH_OP_REALLOC));
    EXPECT_EQ(slot_.misuses[0].phase, static_cast<uint32_t>(DEARTH_PHASE_RUN));
    EXPECT_GT(slot_.misuses[0].detected.depth, 0u);
    EXPECT_NE(slot_.misuses[0].detected.site, 0u);
}

TEST_F(PageWriter, AsksTheDescriber) {
    const MisuseDescriber describer = {
        nullptr, [](void*, dearth_misuse& misuse) { misuse.serial = misuse.address + 1; }};
    set_misuse_describer(&describer);
    dearth_misuse misuse = overflow_at(41);
    report_misuse(misuse);
    EXPECT_EQ(slot_.misuses[0].serial, 42u);
}

TEST_F(PageWriter, FillsStacksFromIdsAndFrames) {
    void* frames[DEARTH_FRAMES_MAX + 8];
    for (size_t index = 0; index < DEARTH_FRAMES_MAX + 8; ++index) {
        frames[index] = reinterpret_cast<void*>(index + 1);
    }
    dearth_stack stack;
    fill_stack(stack, frames, DEARTH_FRAMES_MAX + 8, true);
    EXPECT_EQ(stack.depth, static_cast<uint32_t>(DEARTH_FRAMES_MAX));
    EXPECT_EQ(stack.is_exact, 1u);
    fill_stack(stack, StackId{0});
    EXPECT_EQ(stack.depth, 0u);
    EXPECT_EQ(stack.site, 0u);
    const StackId id = intern_stack(frames, 3);
    fill_stack(stack, id);
    EXPECT_EQ(stack.depth, 3u);
    EXPECT_EQ(stack.site, stack_site(id));
}

TEST(PageWriterWithoutSlot, PrintsWhatIsWrong) {
    const auto output = tests::output_of_child([] {
        call_stack_prepare();
        size_t found = 0;
        dearth_misuse misuse = overflow_at(0x1000);
        misuse.access = DEARTH_ACCESS_WRITE;
        misuse.shown_bytes = 3;
        for (const uint8_t byte : {uint8_t{0x41}, uint8_t{0xFD}, uint8_t{0x0A}}) {
            misuse.found[found++] = byte;
        }
        memset(misuse.expected, 0xFD, sizeof misuse.expected);
        request_context.thread = 4;
        report_misuse(misuse);
    });
    EXPECT_TRUE(WIFEXITED(output.status));
    const std::string expected =
        "dearth: overflow: block 0x1000 in domain mem, by writing, thread 4\n"
        "  3 bytes changed, the first at 1 from the block's end\n"
        "    found    41 fd 0a\n"
        "    expected fd fd fd\n"
        "  asked for 24 bytes by request 17\n"
        "  detected:\n"
        "    #0 hooks_record_test+0x";
    EXPECT_EQ(output.err.substr(0, expected.size()), expected);
}

TEST(PageWriterWithoutSlot, PrintsAnAccessThatAPageStopped) {
    const auto output = tests::output_of_child([] {
        dearth_misuse misuse = overflow_at(0x1000);
        misuse.changed_bytes = 0;
        misuse.distance_bytes = 0;
        misuse.access = DEARTH_ACCESS_READ;
        print_fault(misuse);
        _exit(reported_misuses() == 1 ? 0 : 1);
    });
    EXPECT_EQ(WEXITSTATUS(output.status), 0);
    EXPECT_EQ(output.err,
              "dearth: overflow: block 0x1000 in domain mem, by reading, thread 0\n"
              "  at 0 from the block's end\n"
              "  asked for 24 bytes by request 17\n");
}

TEST(PageWriterWithoutSlot, AbortsWhenTold) {
    const auto output = tests::output_of_child([] {
        set_aborts_on_misuse(true);
        dearth_misuse misuse = overflow_at(0x1000);
        report_misuse(misuse);
    });
    EXPECT_TRUE(WIFSIGNALED(output.status));
    EXPECT_EQ(WTERMSIG(output.status), SIGABRT);
}

TEST(PageWriterDie, MarksTheSlotAsOurOwnEnd) {
    tests::run_in_child([] {
        static dearth_trial_slot slot = {};
        attach_slot(&slot);
        struct sigaction action = {};
        action.sa_handler = [](int) {
            _exit(slot.end == DEARTH_END_INTERNAL && slot.note[0] == 'w' ? 0 : 3);
        };
        sigaction(SIGABRT, &action, nullptr);
        die("what broke");
    });
}

}  // namespace
}  // namespace dearth::hooks
