// Method: a sample library tells addresses inside its own functions; they are looked up in it and
// in copies of it that were stripped, split from their debug information, or changed.
#include "harness/triage/symbolizer.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <fstream>

namespace dearth::harness {
namespace {

class SymbolizerTest : public testing::Test {
protected:
    void SetUp() override {
        library_ = dlopen(DEARTH_SAMPLE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
        ASSERT_NE(library_, nullptr) << dlerror();
    }
    void TearDown() override { dlclose(library_); }

    // The offset, from the load bias, of a return address inside the function named.
    uint64_t offset_in(const char* function) const {
        void* symbol = dlsym(library_, function);
        EXPECT_NE(symbol, nullptr) << function;
        Dl_info info = {};
        EXPECT_NE(dladdr(symbol, &info), 0);
        const auto address = reinterpret_cast<uintptr_t (*)()>(symbol)();
        return address - reinterpret_cast<uintptr_t>(info.dli_fbase);
    }

    std::vector<SymbolFrame> look_up(const char* path, const char* function,
                                     const std::string& build_id = "") {
        return symbolizer_.resolve({path, build_id}, offset_in(function), true);
    }

    void* library_ = nullptr;
    Symbolizer symbolizer_;
};

TEST_F(SymbolizerTest, NamesFunctionFileAndLine) {
    const auto frames = look_up(DEARTH_SAMPLE_LIBRARY, "sample_exported");
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "sample_exported");
    EXPECT_TRUE(frames[0].file.ends_with("symbolizer_sample.cpp")) << frames[0].file;
    EXPECT_GT(frames[0].line, 0);
    EXPECT_EQ(frames[0].module, "libsymbolizer_sample.so");
    EXPECT_EQ(frames[0].offset, offset_in("sample_exported"));
}

TEST_F(SymbolizerTest, NamesHiddenFunctionsWithTheirNamespace) {
    const auto frames = look_up(DEARTH_SAMPLE_LIBRARY, "sample_hidden");
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "(anonymous namespace)::hidden_function");
}

TEST_F(SymbolizerTest, UnfoldsInlinedCalls) {
    const auto frames = look_up(DEARTH_SAMPLE_LIBRARY, "sample_inlined");
    ASSERT_EQ(frames.size(), 2u);
    EXPECT_EQ(frames[0].function, "sample::inlined<long>");
    EXPECT_EQ(frames[1].function, "sample_inlined");
    EXPECT_GT(frames[1].line, frames[0].line) << "the caller's line is where the call stands";
    EXPECT_TRUE(frames[1].file.ends_with("symbolizer_sample.cpp"));
}

TEST_F(SymbolizerTest, AStrippedModuleHasItsDynamicSymbolsAndNoWrongNames) {
    auto frames = look_up(DEARTH_SAMPLE_STRIPPED, "sample_exported");
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "sample_exported");
    EXPECT_EQ(frames[0].file, "");
    EXPECT_EQ(frames[0].line, 0);
    frames = look_up(DEARTH_SAMPLE_STRIPPED, "sample_hidden");
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "") << "the nearest exported function would be a lie";
    EXPECT_EQ(frames[0].module, "libsymbolizer_sample_stripped.so");
}

TEST_F(SymbolizerTest, ASeparateDebugFileIsFound) {
    const auto frames = look_up(DEARTH_SAMPLE_SPLIT, "sample_hidden");
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "(anonymous namespace)::hidden_function");
    EXPECT_GT(frames[0].line, 0);
}

TEST_F(SymbolizerTest, AModuleThatIsNotTheOneThatRanHasNoNames) {
    const auto frames =
        look_up(DEARTH_SAMPLE_LIBRARY, "sample_exported", "00112233445566778899aabbccddeeff");
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "");
    EXPECT_EQ(frames[0].module, "libsymbolizer_sample.so");
}

TEST_F(SymbolizerTest, MissingAndForeignModulesAreModuleAndOffset) {
    const std::string text_file = testing::TempDir() + "/dearth_symbolizer_not_elf";
    std::ofstream(text_file) << "not an object file";
    for (const std::string& path :
         {std::string("/no/such/libfoo.so"), text_file, std::string("[vdso]"), std::string(),
          std::string("relative.so"), testing::TempDir()}) {
        const auto frames = symbolizer_.resolve({path, ""}, 0x1234, true);
        ASSERT_EQ(frames.size(), 1u) << path;
        EXPECT_EQ(frames[0].function, "") << path;
        EXPECT_EQ(frames[0].offset, 0x1234u) << path;
    }
}

TEST_F(SymbolizerTest, OffsetsOutsideTheModuleHaveNoName) {
    for (const uint64_t offset : {uint64_t{0}, uint64_t{1} << 40, UINT64_MAX}) {
        const auto frames = symbolizer_.resolve({DEARTH_SAMPLE_LIBRARY, ""}, offset, true);
        ASSERT_EQ(frames.size(), 1u);
        EXPECT_EQ(frames[0].function, "");
    }
}

TEST_F(SymbolizerTest, AReturnAddressIsLookedUpInsideItsCall) {
    // The first byte of a function is inside it, but as a return address belongs to the code
    // before it.
    void* symbol = dlsym(library_, "sample_exported");
    Dl_info info = {};
    ASSERT_NE(dladdr(symbol, &info), 0);
    const uint64_t start =
        reinterpret_cast<uintptr_t>(symbol) - reinterpret_cast<uintptr_t>(info.dli_fbase);
    EXPECT_EQ(symbolizer_.resolve({DEARTH_SAMPLE_LIBRARY, ""}, start, false)[0].function,
              "sample_exported");
    EXPECT_NE(symbolizer_.resolve({DEARTH_SAMPLE_LIBRARY, ""}, start, true)[0].function,
              "sample_exported");
}

[[gnu::noinline]] void a_function_of_the_test() {
    asm volatile("");
}

TEST_F(SymbolizerTest, NamesItsOwnExecutable) {
    const auto address = reinterpret_cast<uintptr_t>(&a_function_of_the_test);
    Dl_info info = {};
    ASSERT_NE(dladdr(reinterpret_cast<void*>(address), &info), 0);
    const uint64_t offset = address - reinterpret_cast<uintptr_t>(info.dli_fbase);
    const auto frames = symbolizer_.resolve({DEARTH_SELF, ""}, offset, false);
    EXPECT_EQ(frames.back().function,
              "dearth::harness::(anonymous namespace)::a_function_of_the_test");
}

}  // namespace
}  // namespace dearth::harness
