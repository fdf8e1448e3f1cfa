#include "harness/process/control_reader.h"

#include <gtest/gtest.h>

#include <cstring>

#include "harness/process/control_page.h"

namespace dearth::harness {
namespace {

std::vector<std::byte> bytes_of(const ControlPage& page) {
    const auto* begin = reinterpret_cast<const std::byte*>(&page.header());
    return {begin, begin + page.header().total_bytes};
}

ControlPage make_page() {
    PageShape shape;
    shape.slot_count = 2;
    auto page = ControlPage::create(shape);
    EXPECT_TRUE(page.ok());
    return page.take();
}

TEST(ControlReader, RefusesWhatIsNoPage) {
    ControlPage page = make_page();
    const std::vector<std::byte> good = bytes_of(page);
    EXPECT_EQ(ControlReader(good).defect(), "");
    EXPECT_NE(ControlReader({}).defect(), "");
    EXPECT_NE(ControlReader(std::span(good).first(100)).defect(), "");
    EXPECT_NE(ControlReader(std::span(good).first(good.size() - 1)).defect(), "") << "cut short";

    page.header().version = DEARTH_CONTROL_VERSION + 1;
    EXPECT_NE(ControlReader(bytes_of(page)).defect().find("version 3"), std::string::npos);
    page.header().version = DEARTH_CONTROL_VERSION;
    page.header().slots.capacity = UINT64_MAX / 2;
    EXPECT_NE(ControlReader(bytes_of(page)).defect(), "");
    page.header().slots.capacity = 2;
    page.header().slots.offset = UINT64_MAX - 8;
    EXPECT_NE(ControlReader(bytes_of(page)).defect(), "");
}

TEST(ControlReader, ClampsWhatATargetScribbled) {
    ControlPage page = make_page();
    auto* slot = reinterpret_cast<dearth_trial_slot*>(reinterpret_cast<char*>(&page.header()) +
                                                      page.header().slots.offset);
    std::memset(slot, 0xFF, sizeof *slot);
    const dearth_trial_slot read = page.reader().slot(0);
    EXPECT_LE(read.injected.depth, static_cast<uint32_t>(DEARTH_FRAMES_MAX));
    EXPECT_LE(read.script_depth, static_cast<uint32_t>(DEARTH_SCRIPT_FRAMES_MAX));
    EXPECT_LT(read.phase, static_cast<uint32_t>(DEARTH_PHASE_COUNT));
    EXPECT_EQ(read.steps[0].status, static_cast<uint32_t>(DEARTH_STATUS_NONE));
    EXPECT_EQ(read.end, static_cast<uint32_t>(DEARTH_END_NONE));
    EXPECT_EQ(read.state, static_cast<uint32_t>(DEARTH_SLOT_FREE));
    EXPECT_EQ(read.misuses[0].kind, 0u) << "no kind of ours";
    EXPECT_EQ(read.misuses[0].domain, static_cast<uint32_t>(DEARTH_DOMAIN_COUNT));
    EXPECT_EQ(read.note[sizeof read.note - 1], '\0');
    EXPECT_EQ(read.script[0].file[sizeof read.script[0].file - 1], '\0');
}

TEST(ControlReader, KeepsEveryKindOfMisuseThereIs) {
    ControlPage page = make_page();
    auto* slot = reinterpret_cast<dearth_trial_slot*>(reinterpret_cast<char*>(&page.header()) +
                                                      page.header().slots.offset);
    for (uint32_t kind = 0; kind <= DEARTH_MISUSE_WRONG_DOMAIN; ++kind) {
        slot->misuses[0].kind = kind;
        EXPECT_EQ(page.reader().slot(0).misuses[0].kind, kind);
    }
    slot->misuses[0].kind = DEARTH_MISUSE_WRONG_DOMAIN + 1;
    EXPECT_EQ(page.reader().slot(0).misuses[0].kind, 0u);
}

TEST(ControlReader, ClampsScribbledRequestsAndLeftovers) {
    PageShape shape;
    shape.stream_capacity = 1;
    shape.leftover_capacity = 1;
    auto page = ControlPage::create(shape);
    ASSERT_TRUE(page.ok());
    auto* base = reinterpret_cast<char*>(&page.value().header());
    std::memset(base + page.value().header().stream.offset, 0xFF, sizeof(dearth_stream_entry));
    std::memset(base + page.value().header().leftovers.offset, 0xFF, sizeof(dearth_leftover));
    const dearth_stream_entry entry = page.value().reader().stream_entry(0);
    EXPECT_EQ(entry.op, DEARTH_OP_COUNT);
    EXPECT_EQ(entry.domain, DEARTH_DOMAIN_COUNT);
    EXPECT_LT(entry.phase, DEARTH_PHASE_COUNT);
    EXPECT_EQ(entry.is_selected, 1);
    EXPECT_EQ(page.value().reader().leftover(0).domain, static_cast<uint32_t>(DEARTH_DOMAIN_COUNT));
}

TEST(ControlReader, CountsNeverExceedCapacity) {
    ControlPage page = make_page();
    page.header().modules.count = UINT64_MAX;
    EXPECT_EQ(page.reader().module_count(), page.header().modules.capacity);
    EXPECT_FALSE(page.reader().module(0)) << "never marked ready";
}

TEST(BoundedText, ReplacesWhatIsNotPrintableUtf8) {
    EXPECT_EQ(bounded_text("plain\n\ttext", 32), "plain\n\ttext");
    EXPECT_EQ(bounded_text("gr\xC3\xBC\xC3\x9F", 32), "gr\xC3\xBC\xC3\x9F");
    EXPECT_EQ(bounded_text("\x1B[31m\x07", 32), "?[31m?");
    EXPECT_EQ(bounded_text("\xC3", 32), "?") << "cut sequence";
    EXPECT_EQ(bounded_text("\xC0\xAF", 32), "??") << "overlong";
    EXPECT_EQ(bounded_text("\xED\xA0\x80", 32), "???") << "surrogate";
    EXPECT_EQ(bounded_text("\xF4\x90\x80\x80", 32), "????") << "beyond Unicode";
    EXPECT_EQ(bounded_text("abcdef", 3), "abc") << "no terminator within the array";
}

}  // namespace
}  // namespace dearth::harness
