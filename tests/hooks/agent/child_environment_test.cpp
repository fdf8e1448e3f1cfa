// What executed programs inherit: our entry is gone, everybody else's is where it was.
#include "hooks/agent/child_environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "dearth/control_page.h"
#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

std::string preload_after(const std::string& before) {
    setenv("LD_PRELOAD", before.c_str(), 1);
    hide_from_children("/opt/lib/libdearth-preload.so");
    return getenv("LD_PRELOAD");
}

// In a child: the loader would see what we set.
TEST(ChildEnvironmentTest, TakesOurEntryOutAndKeepsTheOthers) {
    tests::run_in_child([] {
        EXPECT_EQ(preload_after("/opt/lib/libdearth-preload.so"), "");
        EXPECT_EQ(preload_after("libdearth-preload.so"), "");
        EXPECT_EQ(preload_after("/a.so:/opt/lib/libdearth-preload.so"), "/a.so");
        EXPECT_EQ(preload_after("/opt/lib/libdearth-preload.so:/b.so"), "/b.so");
        EXPECT_EQ(preload_after("/a.so:/x/libdearth-preload.so /b.so"), "/a.so:/b.so");
        EXPECT_EQ(preload_after("::/a.so"), "/a.so");
        EXPECT_EQ(preload_after("/a/not-libdearth-preload.so:b"), "/a/not-libdearth-preload.so:b");
        EXPECT_EQ(preload_after(""), "");
    });
}

TEST(ChildEnvironmentTest, EmptiesTheDescriptorAndMovesNothing) {
    tests::run_in_child([] {
        setenv(DEARTH_CONTROL_FD_VARIABLE, "17", 1);
        unsetenv("LD_PRELOAD");
        size_t before = 0;
        while (environ[before] != nullptr)
            ++before;
        hide_from_children("libdearth-preload.so");
        size_t after = 0;
        while (environ[after] != nullptr)
            ++after;
        EXPECT_STREQ(getenv(DEARTH_CONTROL_FD_VARIABLE), "");
        EXPECT_EQ(getenv("LD_PRELOAD"), nullptr);
        EXPECT_EQ(before, after);
    });
}

}  // namespace
}  // namespace dearth::hooks
