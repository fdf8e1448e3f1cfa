#include "harness/process/engine_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace dearth::harness {
namespace {

TEST(EnginePath, NamesTheExecutableOfEachEngine) {
    Target target;
    target.engine = Engine::kLua;
    EXPECT_EQ(engine_program_name(target), "dearth-engine-lua");
    target.engine = Engine::kPython;
    EXPECT_EQ(engine_program_name(target), "dearth-engine-cpython");
    target.engine = Engine::kCApi;
    target.run = {"canary-overflow"};
    EXPECT_EQ(engine_program_name(target), "dearth-target-canary-overflow");
    target.run = {"./mine"};
    EXPECT_EQ(engine_program_name(target), "./mine");
}

TEST(EnginePath, AnEngineThatIsNotBuiltIsNamedWithItsFolder) {
    ASSERT_EQ(setenv("DEARTH_ENGINE_PATH", "/nonexistent", 1), 0);
    Target target;
    target.engine = Engine::kLua;
    const auto path = find_engine(target);
    unsetenv("DEARTH_ENGINE_PATH");
    ASSERT_FALSE(path.ok());
    EXPECT_EQ(path.error().error_class, ErrorClass::kBaseline);
    EXPECT_THAT(path.error().message,
                testing::HasSubstr("dearth-engine-lua: not built (looked in /nonexistent)"));
    EXPECT_THAT(path.error().next_step, testing::HasSubstr("dearth doctor"));
}

TEST(EnginePath, ExplicitProgramMustExist) {
    Target target;
    target.engine = Engine::kCApi;
    target.run = {"/nonexistent/target"};
    ASSERT_FALSE(find_engine(target).ok());
    target.run = {"/bin/sh"};
    EXPECT_EQ(find_engine(target).value(), "/bin/sh");
}

}  // namespace
}  // namespace dearth::harness
