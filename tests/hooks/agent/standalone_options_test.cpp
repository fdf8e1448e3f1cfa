// The text of DEARTH_GUARD: what each field sets, and the line for each mistake.
#include "hooks/agent/standalone_options.h"

#include <gmock/gmock.h>

#include <string>

namespace dearth::hooks {
namespace {

using ::testing::HasSubstr;

StandaloneOptions parsed(const char* text) {
    StandaloneOptions options = {};
    char error[256] = "";
    size_t offset = 0;
    EXPECT_TRUE(parse_standalone_options(text, options, error, sizeof error, offset))
        << text << ": " << error;
    return options;
}

TEST(StandaloneOptions, GuardBytesComeWithStacksAndQuarantine) {
    const dearth_layer_options layers = parsed("bytes").layers;
    EXPECT_EQ(layers.layers, static_cast<uint32_t>(DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER |
                                                   DEARTH_LAYER_GUARD | DEARTH_LAYER_QUARANTINE |
                                                   DEARTH_LAYER_STACKS | DEARTH_LAYER_FREE_STACKS));
    EXPECT_EQ(layers.guard_before_bytes, 16u);
    EXPECT_EQ(layers.guard_after_bytes, 16u);
    EXPECT_EQ(layers.quarantine_bytes, uint64_t{16} << 20);
}

TEST(StandaloneOptions, OffCountsRequestsAndNoMore) {
    EXPECT_EQ(parsed("off").layers.layers, static_cast<uint32_t>(DEARTH_LAYER_FAULT));
}

TEST(StandaloneOptions, ASideIsChosen) {
    EXPECT_EQ(parsed("bytes").layers.layers & DEARTH_LAYER_PAGE_GUARD, 0u);
    for (const auto& [text, side] :
         {std::pair{"page-rear", DEARTH_SIDE_REAR}, std::pair{"page-front", DEARTH_SIDE_FRONT}}) {
        const dearth_layer_options layers = parsed(text).layers;
        EXPECT_NE(layers.layers & DEARTH_LAYER_PAGE_GUARD, 0u) << text;
        EXPECT_EQ(layers.page_guard_side, static_cast<uint32_t>(side)) << text;
    }
}

TEST(StandaloneOptions, EveryFieldSetsWhatItNames) {
    const StandaloneOptions options = parsed(
        " page-rear ; before = 64;after=9; align=2;sample=1000;quarantine=2MiB;stacks=no;stop=yes;"
        "leaks=all;exit=86;");
    EXPECT_EQ(options.leaks, LeakReports::kAll);
    EXPECT_EQ(options.layers.guard_before_bytes, 64u);
    EXPECT_EQ(options.layers.guard_after_bytes, 9u);
    EXPECT_EQ(options.layers.page_guard_alignment, 2u);
    EXPECT_EQ(options.layers.page_guard_every, 1000u);
    EXPECT_EQ(options.layers.quarantine_bytes, uint64_t{2} << 20);
    EXPECT_EQ(options.layers.page_guard_held_bytes, uint64_t{2} << 20);
    EXPECT_EQ(options.layers.layers & (DEARTH_LAYER_STACKS | DEARTH_LAYER_FREE_STACKS), 0u);
    EXPECT_EQ(options.layers.aborts_on_misuse, 1u);
    EXPECT_EQ(options.exit_status, 86);
}

TEST(StandaloneOptions, NoQuarantineIsNoLayer) {
    EXPECT_EQ(parsed("bytes;quarantine=0").layers.layers & DEARTH_LAYER_QUARANTINE, 0u);
}

struct Mistake {
    const char* text;
    size_t offset;
    const char* line;
};

class StandaloneMistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(StandaloneMistakes, AreSaidWithPlaceAndRemedy) {
    StandaloneOptions options = {};
    char error[256] = "";
    size_t offset = 0;
    EXPECT_FALSE(parse_standalone_options(GetParam().text, options, error, sizeof error, offset));
    EXPECT_EQ(offset, GetParam().offset);
    EXPECT_THAT(std::string(error), HasSubstr(GetParam().line));
}

INSTANTIATE_TEST_SUITE_P(
    All, StandaloneMistakes,
    ::testing::Values(Mistake{"byte", 0, "unknown guard 'byte', did you mean 'bytes'?"},
                      Mistake{"exit=86", 0, "allowed: bytes, page-rear, page-front, off"},
                      Mistake{"bytes,exit=86", 5, "expected ';', found ','"},
                      Mistake{"bytes;exot=86", 6, "unknown option 'exot', did you mean 'exit'?"},
                      Mistake{"bytes;exit", 10, "exit: expected '=', found the end"},
                      Mistake{"bytes;exit=0", 11, "exit: '0' is too small, at least 1"},
                      Mistake{"bytes;exit=256", 11, "exit: '256' is too large, at most 255"},
                      Mistake{"bytes;exit=no", 11, "exit: expected a number, found 'no'"},
                      Mistake{"bytes;before=24", 13, "before: no multiple of 16"},
                      Mistake{"bytes;before=0", 13, "before: '0' is too small, at least 16"},
                      Mistake{"bytes;after=5000", 12, "after: '5000' is too large, at most 4096"},
                      Mistake{"page-rear;align=3", 16, "align: no power of two"},
                      Mistake{"page-rear;sample=0", 17, "sample: '0' is too small"},
                      Mistake{"bytes;quarantine=1kB", 18, "quarantine: unknown unit 'kB'"},
                      Mistake{"bytes;stacks=maybe", 13, "stacks: unknown answer 'maybe'"},
                      Mistake{"bytes;leaks=yes", 12, "leaks: unknown answer 'yes'"},
                      Mistake{"bytes;stop=", 11, "stop: unknown answer ''"}));

}  // namespace
}  // namespace dearth::hooks
