// lua_Alloc is held against its contract in two ways: alone, over an allocator that writes down
// what it was asked, and over the real layers, with and without a real Lua state.
#include "hooks/install/lua.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <lua.hpp>
#include <string>
#include <vector>

#include "dearth/install.h"
#include "dearth/schedule.h"

namespace {

constexpr size_t kStringTypeCode = LUA_TSTRING;

struct Recorder {
    std::vector<std::string> calls;
    char block[64] = {};

    dearth_allocator table() {
        return {this,
                [](void* ctx, size_t size_bytes) -> void* {
                    return of(ctx).note("malloc " + std::to_string(size_bytes));
                },
                [](void* ctx, size_t, size_t) -> void* { return of(ctx).note("calloc"); },
                [](void* ctx, void*, size_t size_bytes) -> void* {
                    return of(ctx).note("realloc " + std::to_string(size_bytes));
                },
                [](void* ctx, void*) { of(ctx).note("free"); },
                nullptr,
                nullptr};
    }

    static Recorder& of(void* ctx) { return *static_cast<Recorder*>(ctx); }
    void* note(std::string call) {
        calls.push_back(std::move(call));
        return block;
    }
};

struct Mapping {
    const char* title;
    bool has_block;
    size_t old_bytes;
    size_t new_bytes;
    std::vector<std::string> calls;
    bool returns_block;
};

class LuaAllocMapping : public ::testing::TestWithParam<Mapping> {};

TEST_P(LuaAllocMapping, CallsExactlyOneFunctionBeneath) {
    const Mapping& mapping = GetParam();
    Recorder recorder;
    dearth_allocator table = recorder.table();
    void* block = mapping.has_block ? recorder.block : nullptr;
    void* result = dearth_lua_alloc(&table, block, mapping.old_bytes, mapping.new_bytes);
    EXPECT_EQ(recorder.calls, mapping.calls);
    EXPECT_EQ(result, mapping.returns_block ? recorder.block : nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, LuaAllocMapping,
    ::testing::Values(Mapping{"NewObject", false, kStringTypeCode, 40, {"malloc 40"}, true},
                      Mapping{"NewArray", false, 0, 32, {"malloc 32"}, true},
                      Mapping{"EmptyArrayFreed", false, 0, 0, {}, false},
                      Mapping{"Grow", true, 16, 48, {"realloc 48"}, true},
                      Mapping{"Shrink", true, 48, 16, {"realloc 16"}, true},
                      Mapping{"SameSize", true, 48, 48, {"realloc 48"}, true},
                      Mapping{"Free", true, 48, 0, {"free"}, false}),
    [](const ::testing::TestParamInfo<Mapping>& tested) {
        return std::string(tested.param.title);
    });

// The layers are wrapped once a process; every test starts the ordinals anew.
class LuaInstall : public ::testing::Test {
protected:
    void SetUp() override { start(nullptr); }
    void TearDown() override {
        start(nullptr);
        EXPECT_EQ(counters().live_blocks, live_before_);
    }

    static void start(const char* schedule_text) {
        dearth_schedule schedule = {};
        if (schedule_text != nullptr) {
            char error[128];
            size_t offset = 0;
            ASSERT_EQ(dearth_schedule_parse(schedule_text, &schedule, error, sizeof error, &offset),
                      0)
                << error;
        }
        dearth_layer_options options = {};
        options.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD;
        options.guard_before_bytes = 16;
        options.guard_after_bytes = 16;
        options.clean_byte = 0xCD;
        options.dead_byte = 0xDD;
        options.forbidden_byte = 0xFD;
        ASSERT_EQ(dearth_start(&options, &schedule), 0);
        dearth_enter_phase(DEARTH_PHASE_RUN);
        static const bool is_installed = dearth_lua_install(&allocator_) == 0;
        ASSERT_TRUE(is_installed);
    }

    static dearth_counters counters() {
        dearth_counters counters = {};
        dearth_read_counters(&counters);
        return counters;
    }

    static void* request(void* block, size_t old_bytes, size_t new_bytes) {
        return dearth_lua_alloc(&allocator_, block, old_bytes, new_bytes);
    }

    static dearth_allocator allocator_;
    const uint64_t live_before_ = counters().live_blocks;
};

dearth_allocator LuaInstall::allocator_ = {};

TEST_F(LuaInstall, SecondInstallIsRefused) {
    dearth_allocator second = {};
    errno = 0;
    EXPECT_EQ(dearth_lua_install(&second), -1);
    EXPECT_EQ(errno, EBUSY);
}

TEST_F(LuaInstall, TypeCodeOfANewObjectIsNotTakenForASize) {
    const uint64_t misuses = counters().misuses;
    void* block = request(nullptr, kStringTypeCode, 100);
    ASSERT_NE(block, nullptr);
    request(block, 100, 0);
    EXPECT_EQ(counters().misuses, misuses);
}

TEST_F(LuaInstall, RightOldSizeIsNoMisuse) {
    const uint64_t misuses = counters().misuses;
    void* block = request(nullptr, 0, 24);
    block = request(block, 24, 240);
    ASSERT_NE(block, nullptr);
    block = request(block, 240, 24);
    ASSERT_NE(block, nullptr);
    request(block, 24, 0);
    EXPECT_EQ(counters().misuses, misuses);
}

TEST_F(LuaInstall, WrongOldSizeIsReportedOnceAtResize) {
    void* block = request(nullptr, 0, 24);
    const uint64_t misuses = counters().misuses;
    void* resized = request(block, 25, 48);
    EXPECT_EQ(counters().misuses, misuses + 1);
    // Whether a misused resize goes down is the ledger's choice; the block's size tells.
    request(resized != nullptr ? resized : block, resized != nullptr ? 48 : 24, 0);
    EXPECT_EQ(counters().misuses, misuses + 1);
}

TEST_F(LuaInstall, FailedGrowthKeepsTheOldBlock) {
    void* block = request(nullptr, 0, 24);
    memset(block, 'x', 24);
    start("all;persistent");
    errno = 0;
    EXPECT_EQ(request(block, 24, 48), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(std::string(static_cast<char*>(block), 24), std::string(24, 'x'));
    EXPECT_EQ(counters().injected, 1u);
    request(block, 24, 0);
}

TEST_F(LuaInstall, ShrinkAndFreeSucceedWhileEveryRequestFails) {
    char* block = static_cast<char*>(request(nullptr, 0, 64));
    memset(block, 'x', 64);
    start("all;persistent");
    EXPECT_EQ(request(nullptr, LUA_TTABLE, 8), nullptr);
    char* shrunk = static_cast<char*>(request(block, 64, 10));
    ASSERT_NE(shrunk, nullptr);
    EXPECT_EQ(std::string(shrunk, 10), std::string(10, 'x'));
    EXPECT_EQ(request(shrunk, 10, 0), nullptr);
}

TEST_F(LuaInstall, ShrinkFailsWhenTheScheduleNamesIt) {
    void* block = request(nullptr, 0, 64);
    start("all;persistent;op=shrink");
    EXPECT_EQ(request(block, 64, 10), nullptr);
    request(block, 64, 0);
}

// Everything, the state's making included: it takes strings, a table, growth and collection.
int work(lua_State* state) {
    luaL_openlibs(state);
    constexpr const char* kScript =
        "local t = {} for i = 1, 200 do t[i] = ('x'):rep(i) end "
        "local s = table.concat(t) t = nil collectgarbage() return #s";
    if (luaL_loadstring(state, kScript) != LUA_OK) {
        return lua_error(state);
    }
    lua_call(state, 0, 0);
    return 0;
}

// LUA_OK, or what a state answers to the faults in force.
int make_and_run(dearth_allocator& allocator) {
    lua_State* state = lua_newstate(dearth_lua_alloc, &allocator);
    if (state == nullptr) {
        return LUA_ERRMEM;
    }
    lua_pushcfunction(state, work);
    const int status = lua_pcall(state, 0, 0, 0);
    lua_close(state);
    return status;
}

TEST_F(LuaInstall, RealStateTellsEverySizeRightAndLeavesNothing) {
    const dearth_counters before = counters();
    EXPECT_EQ(make_and_run(allocator_), LUA_OK);
    const dearth_counters after = counters();
    EXPECT_GT(after.requests, before.requests);
    EXPECT_EQ(after.misuses, before.misuses);
    EXPECT_EQ(after.live_blocks, before.live_blocks);
}

TEST_F(LuaInstall, RealStateSurvivesEveryPersistentFaultAndLeavesNothing) {
    uint64_t errors = 0;
    for (uint64_t nth = 1;; ++nth) {
        start(("nth=" + std::to_string(nth) + ";persistent").c_str());
        const uint64_t misuses = counters().misuses;
        const int status = make_and_run(allocator_);
        const dearth_counters after = counters();
        EXPECT_EQ(after.misuses, misuses) << "nth=" << nth;
        EXPECT_EQ(after.live_blocks, live_before_) << "nth=" << nth;
        if (after.injected == 0) {
            EXPECT_EQ(status, LUA_OK);
            break;
        }
        // Lua may do without what it asked for: a larger string table, for one.
        EXPECT_TRUE(status == LUA_ERRMEM || status == LUA_OK) << "nth=" << nth << ": " << status;
        errors += status == LUA_ERRMEM ? 1u : 0u;
    }
    EXPECT_GT(errors, 0u);
}

}  // namespace
