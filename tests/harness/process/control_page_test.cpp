#include "harness/process/control_page.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

namespace dearth::harness {
namespace {

ControlPage make_page(uint32_t slots) {
    PageShape shape;
    shape.slot_count = slots;
    shape.stream_capacity = 16;
    shape.site_capacity = 4;
    shape.leftover_capacity = 4;
    shape.point_bits = 100;
    shape.script = "print(1)";
    auto page = ControlPage::create(shape);
    EXPECT_TRUE(page.ok());
    return page.take();
}

TEST(ControlPage, IsReadableAsMade) {
    ControlPage page = make_page(3);
    page.seal();
    EXPECT_EQ(page.defect(), "");
    const ControlReader reader = page.reader();
    EXPECT_EQ(reader.slot_count(), 3u);
    EXPECT_EQ(reader.module_count(), 0u);
    const auto& script = page.header().script;
    EXPECT_EQ(
        std::memcmp(reinterpret_cast<const char*>(&page.header()) + script.offset, "print(1)", 8),
        0);
    EXPECT_EQ(page.points(0).size(), 2u) << "100 bits are two words";
}

TEST(ControlPage, RegionsDoNotOverlap) {
    ControlPage page = make_page(2);
    const dearth_control_header& h = page.header();
    const std::pair<uint64_t, uint64_t> spans[] = {
        {0, sizeof h},
        {h.slots.offset, h.slots.capacity * sizeof(dearth_trial_slot)},
        {h.modules.offset, h.modules.capacity * sizeof(dearth_module)},
        {h.stream.offset, h.stream.capacity * sizeof(dearth_stream_entry)},
        {h.sites.offset, h.sites.capacity * sizeof(dearth_site_entry)},
        {h.leftovers.offset, h.leftovers.capacity * sizeof(dearth_leftover)},
        {h.script.offset, h.script.capacity},
        {h.config.kinds[0].points.offset, h.config.kinds[0].points.capacity},
        {h.config.kinds[1].points.offset, h.config.kinds[1].points.capacity},
    };
    for (size_t i = 0; i + 1 < std::size(spans); ++i)
        EXPECT_LE(spans[i].first + spans[i].second, spans[i + 1].first) << i;
}

TEST(ControlPage, NoticesAChangedConfiguration) {
    ControlPage page = make_page(1);
    page.header().config.deadline_ms = 5000;
    page.seal();
    ASSERT_EQ(page.defect(), "");
    page.header().config.deadline_ms = 0;
    EXPECT_NE(page.defect(), "");
}

TEST(ControlPage, LiveFieldsMayChange) {
    ControlPage page = make_page(1);
    page.seal();
    page.header().progress = 7;
    page.header().run_state = DEARTH_RUN_FINISHED;
    page.header().modules.count = 1;
    page.header().requests = 99;
    EXPECT_EQ(page.defect(), "");
}

TEST(ControlPage, FreedSlotIsEmptyWithItsOutput) {
    ControlPage page = make_page(2);
    page.seal();
    ASSERT_EQ(write(page.out_fd(1), "hello", 5), 5);
    EXPECT_EQ(page.output_bytes(1, false), 5u);
    EXPECT_EQ(page.read_output(1, false, 1, 3), "ell");
    page.free_slot(1);
    EXPECT_EQ(page.output_bytes(1, false), 0u);
    // Appending: the next trial's output starts at the front again, whatever offset is shared.
    ASSERT_EQ(write(page.out_fd(1), "x", 1), 1);
    EXPECT_EQ(page.read_output(1, false, 0, 10), "x");
    EXPECT_EQ(page.reader().slot(1).state, static_cast<uint32_t>(DEARTH_SLOT_FREE));
}

}  // namespace
}  // namespace dearth::harness
