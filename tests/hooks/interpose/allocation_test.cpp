// Every allocating function of glibc, called by a real program: served, numbered, failing with the
// right errno; and what the library exports and needs.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "dearth/allocator.h"

#include "tests/hooks/interpose/preloaded_program.h"

namespace dearth::tests {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

// name errno state, as the target prints them.
const std::vector<std::string> kServed = {"malloc 0 good",         "calloc 0 good",
                                          "realloc-null 0 good",   "realloc 0 good",
                                          "reallocarray 0 good",   "memalign 0 good",
                                          "memalign-odd 0 good",   "aligned_alloc 0 good",
                                          "valloc 0 good",         "pvalloc 0 good",
                                          "posix_memalign 0 good", "posix_memalign-24 22 none",
                                          "malloc-zero 0 good",    "malloc-huge 12 none",
                                          "calloc-huge 12 none",   "reallocarray-huge 12 none",
                                          "memalign-huge 22 none", "realloc-free 0 none"};

ProgramPlan entry_points(uint32_t mode) {
    ProgramPlan plan;
    plan.program = target_path("entry_points");
    plan.environment["DEARTH_TEST_KEPT"] = "1";
    plan.mode = mode;
    return plan;
}

class EntryPointsTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(EntryPointsTest, AreServedUnderEveryChoiceOfLayers) {
    ProgramPlan plan = entry_points(DEARTH_MODE_BASELINE);
    plan.layers = GetParam();
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(lines_of(result.out), kServed);
    EXPECT_EQ(result.exit.code, 0);
    EXPECT_EQ(result.slot.misuse_count, 0u);
    EXPECT_EQ(result.slot.end, static_cast<uint32_t>(DEARTH_END_FINISHED));
}

INSTANTIATE_TEST_SUITE_P(Layers, EntryPointsTest,
                         ::testing::Values(DEARTH_LAYER_FAULT,
                                           DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER, kPlainLayers,
                                           kPlainLayers | DEARTH_LAYER_STACKS,
                                           kPlainLayers | DEARTH_LAYER_QUARANTINE |
                                               DEARTH_LAYER_STACKS | DEARTH_LAYER_FREE_STACKS));

TEST(EntryPointsWithoutPageTest, PassStraightThrough) {
    ProgramPlan plan = entry_points(DEARTH_MODE_BASELINE);
    plan.has_page = false;
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(lines_of(result.out), kServed);
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.header.run_state, static_cast<uint32_t>(DEARTH_RUN_NEW));
}

// Requests that are only counted go another way than those that pass layers.
TEST(EntryPointsWithoutPageTest, AreCountedAlikeWithLayersAndWithout) {
    std::vector<std::string> counted;
    for (const char* guard : {"off", "bytes;quarantine=0;stacks=no", "bytes"}) {
        ProgramPlan plan = entry_points(DEARTH_MODE_BASELINE);
        plan.has_page = false;
        plan.environment["DEARTH_GUARD"] = guard;
        const ProgramResult result = run_program(plan);
        EXPECT_EQ(lines_of(result.out), kServed) << guard;
        EXPECT_THAT(result.err, HasSubstr(" 0 faults injected, 0 misuses")) << guard;
        counted.push_back(result.err.substr(0, result.err.find(" requests")));
    }
    EXPECT_EQ(counted[0], counted[1]);
    EXPECT_EQ(counted[0], counted[2]);
}

TEST(EntryPointsWithoutPageTest, FailWithoutAnyOtherLayer) {
    ProgramPlan plan = entry_points(DEARTH_MODE_BASELINE);
    plan.has_page = false;
    plan.environment["DEARTH_GUARD"] = "off";
    plan.environment["DEARTH_SCHEDULE"] = "nth=1;once;phase=run;size=100";
    const ProgramResult result = run_program(plan);
    EXPECT_THAT(result.out, HasSubstr("malloc 12 none"));
    EXPECT_THAT(result.err, HasSubstr(" 1 faults injected"));
}

// The first request of each of these sizes is the function's own, whatever libc adds around it.
TEST(EntryPointsCountTest, EveryFunctionIsNumberedAsWhatItIs) {
    const ProgramResult result = run_program(entry_points(DEARTH_MODE_BASELINE));
    const auto has = [&](uint32_t op, uint64_t bytes) {
        return std::ranges::any_of(result.stream, [&](const dearth_stream_entry& entry) {
            return entry.op == op && entry.size_bytes == bytes && entry.phase == DEARTH_PHASE_RUN &&
                   entry.domain == DEARTH_DOMAIN_RAW;
        });
    };
    EXPECT_TRUE(has(DEARTH_OP_MALLOC, 100));
    EXPECT_TRUE(has(DEARTH_OP_CALLOC, 110));
    EXPECT_TRUE(has(DEARTH_OP_REALLOC, 50));
    EXPECT_TRUE(has(DEARTH_OP_REALLOC, 5000));
    EXPECT_TRUE(has(DEARTH_OP_REALLOC, 144));
    EXPECT_TRUE(has(DEARTH_OP_ALIGNED, 33));
    EXPECT_TRUE(has(DEARTH_OP_ALIGNED, 10));
    EXPECT_TRUE(has(DEARTH_OP_ALIGNED, 4096));
    EXPECT_TRUE(has(DEARTH_OP_ALIGNED, 77));
    EXPECT_TRUE(has(DEARTH_OP_MALLOC, 0));
    EXPECT_TRUE(has(DEARTH_OP_MALLOC, SIZE_MAX - 5));
    EXPECT_FALSE(has(DEARTH_OP_REALLOC, 0)) << "realloc(block, 0) is a free";
}

TEST(EntryPointsFailTest, EveryFunctionFailsAsLibcDoes) {
    ProgramPlan plan = entry_points(DEARTH_MODE_SINGLE);
    // Sizes above 39: the block that is resized later is 40 bytes long and must be made.
    plan.schedule = "nth=2..;persistent;phase=run";
    const ProgramResult result = run_program(plan);
    std::vector<std::string> expected = kServed;
    for (std::string& line : expected) {
        const size_t at = line.find(" 0 good");
        if (at != std::string::npos)
            line.replace(at, std::string::npos, " 12 none");
    }
    // strdup has failed as well.
    EXPECT_EQ(lines_of(result.out), expected);
    EXPECT_GT(result.slot.injected_count, 12u);
    EXPECT_EQ(result.slot.misuse_count, 0u);
    EXPECT_EQ(result.exit.code, 0);
}

// What readelf and nm say of the library itself.
std::string output_of_tool(const std::string& tool, const std::vector<std::string>& arguments) {
    ProgramPlan plan;
    plan.program = tool;
    plan.arguments = arguments;
    plan.has_page = false;
    return run_program(plan).out;
}

TEST(PreloadLibraryTest, NeedsLibcAlone) {
    const std::string dynamic =
        output_of_tool("/usr/bin/readelf", {"--dynamic", "--wide", preload_library()});
    size_t needed = 0;
    for (const std::string& line : lines_of(dynamic)) {
        if (line.find("(NEEDED)") == std::string::npos)
            continue;
        ++needed;
        EXPECT_THAT(line, HasSubstr("[libc.so.6]"));
    }
    EXPECT_EQ(needed, 1u);
}

TEST(PreloadLibraryTest, ExportsNothingButWhatItShadows) {
    const std::string own =
        output_of_tool("/usr/bin/nm", {"--dynamic", "--defined-only", preload_library()});
    const std::string theirs =
        output_of_tool("/usr/bin/nm", {"--dynamic", "--defined-only", "--without-symbol-versions",
                                       DEARTH_LIBC, DEARTH_LIBSTDCXX});
    size_t exported = 0;
    for (const std::string& line : lines_of(own)) {
        const std::string name = line.substr(line.rfind(' ') + 1);
        ++exported;
        EXPECT_THAT(theirs, HasSubstr(" " + name + "\n")) << "shadows nothing";
    }
    EXPECT_GT(exported, 40u);
}

TEST(PreloadLibraryTest, HasThreadLocalDataThatIsNeverAllocated) {
    // The local-exec and initial-exec models need no __tls_get_addr.
    const std::string undefined =
        output_of_tool("/usr/bin/nm", {"--dynamic", "--undefined-only", preload_library()});
    EXPECT_EQ(undefined.find("__tls_get_addr"), std::string::npos);
    EXPECT_NE(undefined.find("__libc_malloc"), std::string::npos);
    EXPECT_EQ(undefined.find(" malloc"), std::string::npos);
}

TEST(ShadowedInjectorTest, NamesTheModuleThatComesFirst) {
    ProgramPlan plan;
    plan.program = target_path("own_malloc");
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(std::string(result.header.shadowed_by), plan.program);
    EXPECT_EQ(result.header.requests, 0u);
    EXPECT_EQ(result.out, "served\n");
}

TEST(ShadowedInjectorTest, IsNotTakenInByAnExecutableThatTakesTheAddress) {
    ProgramPlan plan;
    plan.program = target_path("address_taken");
    const ProgramResult result = run_program(plan);
    EXPECT_EQ(std::string(result.header.shadowed_by), "");
    EXPECT_GT(result.header.requests, 0u);
    EXPECT_EQ(result.exit.code, 0);
}

TEST(ShadowedInjectorTest, NamesNobodyWhenWeAreFirst) {
    const ProgramResult result = run_program(entry_points(DEARTH_MODE_BASELINE));
    EXPECT_EQ(std::string(result.header.shadowed_by), "");
    EXPECT_EQ(std::string(result.header.engine_version), "preload");
}

}  // namespace
}  // namespace dearth::tests
