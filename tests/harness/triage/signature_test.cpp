#include "harness/triage/signature.h"

#include <gtest/gtest.h>

#include "harness/triage/stack_trim.h"

namespace dearth::harness {
namespace {

std::vector<SymbolFrame> stack(const std::vector<std::string>& functions) {
    std::vector<SymbolFrame> frames;
    for (const std::string& function : functions) {
        frames.push_back({"app", frames.size() * 16, function, "app.c", 1});
    }
    return frames;
}

TEST(Signature, IsSixteenHexDigitsAndStable) {
    const std::string id = signature("DT1001", stack({"f", "g"}), stack({"h"}));
    EXPECT_EQ(id.size(), 16u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    // Ids stand in people's baseline files and `known:` lists: they may never change.
    EXPECT_EQ(signature_text("DT1001", stack({"f", "g"}), stack({"h"})),
              "DT1001\ninjected\nf\ng\ndetected\nh");
    EXPECT_EQ(id, "46836ebe8a2f81b9");
}

TEST(Signature, DoesNotDependOnPlaces) {
    std::vector<SymbolFrame> moved = stack({"f", "g"});
    for (SymbolFrame& frame : moved) {
        frame.offset += 0x1000;
        frame.line += 40;
        frame.file = "other.c";
        frame.module = "app.so.2";
    }
    EXPECT_EQ(signature("DT1001", moved, {}), signature("DT1001", stack({"f", "g"}), {}));
}

TEST(Signature, DependsOnRuleAndBothStacks) {
    const std::string id = signature("DT1001", stack({"f"}), stack({"g"}));
    EXPECT_NE(id, signature("DT1002", stack({"f"}), stack({"g"})));
    EXPECT_NE(id, signature("DT1001", stack({"x"}), stack({"g"})));
    EXPECT_NE(id, signature("DT1001", stack({"f"}), stack({"x"})));
    EXPECT_NE(id, signature("DT1001", stack({"f", "g"}), {})) << "frames must not change sides";
    EXPECT_NE(id, signature("DT1001", {}, stack({"f", "g"})));
}

TEST(Signature, TakesThreeFramesOfTheCodeUnderTest) {
    const auto id = signature("DT1001", stack({"f", "g", "h"}), {});
    EXPECT_EQ(id, signature("DT1001", stack({"f", "g", "h", "caller"}), {}));
    EXPECT_EQ(id, signature("DT1001", stack({"malloc", "f", "PyMem_RawMalloc", "g", "h"}), {}));
    EXPECT_EQ(id, signature("DT1001",
                            stack({"dearth::hooks::fault_malloc", "luaM_malloc_", "f", "g", "h",
                                   "dearth_engine_main", "main"}),
                            {}));
    EXPECT_NE(id, signature("DT1001", stack({"f", "g", "x"}), {}));
}

TEST(Signature, LeavesOutLibcAndTemplateArguments) {
    std::vector<SymbolFrame> frames = stack({"memcpy", "f<int>", "g<char>::h"});
    frames[0].module = "libc.so.6";
    EXPECT_EQ(signature("DT1001", frames, {}),
              signature("DT1001", stack({"f<long>", "g<wide<short>>::h"}), {}));
}

TEST(Signature, NamelessFramesAreModuleAndOffset) {
    std::vector<SymbolFrame> frames = {{"libx.so", 0x1234, "", "", 0}};
    const std::string id = signature("DT1001", frames, {});
    EXPECT_EQ(signature_text("DT1001", frames, {}), "DT1001\ninjected\nlibx.so+0x1234\ndetected");
    frames[0].offset = 0x1235;
    EXPECT_NE(signature("DT1001", frames, {}), id);
}

TEST(Signature, AStackOfLeftOutFramesAloneStillTells) {
    EXPECT_NE(signature("DT1001", stack({"malloc"}), {}), signature("DT1001", {}, {}));
    EXPECT_NE(signature("DT1001", stack({"malloc"}), {}),
              signature("DT1001", stack({"calloc"}), {}));
}

std::vector<std::string> names(const std::vector<SymbolFrame>& frames) {
    std::vector<std::string> all;
    for (const SymbolFrame& frame : frames) {
        all.push_back(frame.function);
    }
    return all;
}

TEST(PeopleFrames, LeaveOutOursAndTheStartOfTheProcess) {
    std::vector<SymbolFrame> frames =
        stack({"dearth::hooks::fail", "dearth_mem_malloc", "luaM_malloc_", "f", "user_main",
               "dearth_engine_main", "main", "__libc_start_call_main", "__libc_start_main_impl",
               "_start"});
    EXPECT_EQ(names(people_frames(frames)),
              (std::vector<std::string>{"luaM_malloc_", "f", "user_main"}));
    frames = stack({"__restore_rt", "f"});
    EXPECT_EQ(names(people_frames(frames)), std::vector<std::string>{"f"});
}

TEST(PeopleFrames, KnowNamelessFramesByTheirModule) {
    const std::vector<SymbolFrame> frames = {{"dearth-engine-lua", 1, "", "", 0},
                                             {"liblua5.4.so.0", 2, "", "", 0},
                                             {"dearth-engine-lua", 3, "lua_inside", "", 0},
                                             {"dearth-engine-lua", 4, "", "", 0},
                                             {"libc.so.6", 5, "", "", 0}};
    const std::vector<SymbolFrame> kept = people_frames(frames);
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_EQ(kept[0].offset, 2u);
    EXPECT_EQ(kept[1].offset, 3u) << "an engine may carry its interpreter inside";
}

TEST(PeopleFrames, NeverLeaveNothingOfSomething) {
    EXPECT_EQ(names(people_frames(stack({"dearth_mem_malloc", "main", "__libc_start_call_main"}))),
              std::vector<std::string>{"main"});
    EXPECT_EQ(people_frames(stack({"dearth_mem_malloc"})).size(), 1u);
    EXPECT_TRUE(people_frames({}).empty());
}

}  // namespace
}  // namespace dearth::harness
