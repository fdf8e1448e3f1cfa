// The allocation function of the state under test walks the Lua stack at every request, as the
// engine does at an injected fault, and keeps the stack of the largest one: scripts choose the
// request that is looked at by its size.
#include "harness/engines/lua_frames.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

// What `big(...)` in a script asks for; nothing else comes near.
constexpr size_t kBigBytes = 1u << 20;

struct Watcher {
    lua_State* state = nullptr;
    size_t capacity = DEARTH_SCRIPT_FRAMES_MAX;
    size_t walks = 0;
    std::vector<std::string> at_big_request;
};

void* watching_alloc(void* ud, void* block, size_t, size_t new_bytes) {
    auto& watcher = *static_cast<Watcher*>(ud);
    if (new_bytes == 0) {
        free(block);
        return nullptr;
    }
    if (watcher.state != nullptr) {
        dearth_script_frame frames[DEARTH_SCRIPT_FRAMES_MAX] = {};
        const size_t count = dearth_lua_frames(watcher.state, frames, watcher.capacity);
        ++watcher.walks;
        if (new_bytes >= kBigBytes) {
            watcher.at_big_request.clear();
            for (size_t index = 0; index < count; ++index) {
                const dearth_script_frame& frame = frames[index];
                watcher.at_big_request.push_back(std::string(frame.file) + ":" +
                                                 std::to_string(frame.line) + " " + frame.function);
            }
        }
    }
    return realloc(block, new_bytes);
}

int ask_for_much(lua_State* state) {
    lua_newuserdatauv(state, kBigBytes, 0);
    return 1;
}

int load_and_call(lua_State* state) {
    luaL_openlibs(state);
    lua_register(state, "big", ask_for_much);
    const auto& script = *static_cast<const std::string*>(lua_touserdata(state, 1));
    if (luaL_loadbufferx(state, script.data(), script.size(), "@script.lua", "t") != LUA_OK) {
        return lua_error(state);
    }
    lua_call(state, 0, 0);
    return 0;
}

Watcher run(const std::string& script, size_t capacity = DEARTH_SCRIPT_FRAMES_MAX) {
    Watcher watcher;
    watcher.capacity = capacity;
    lua_State* state = lua_newstate(watching_alloc, &watcher);
    watcher.state = state;
    lua_pushcfunction(state, load_and_call);
    lua_pushlightuserdata(state, const_cast<std::string*>(&script));
    EXPECT_EQ(lua_pcall(state, 1, 0, 0), LUA_OK) << lua_tostring(state, -1);
    watcher.state = nullptr;
    lua_close(state);
    EXPECT_GT(watcher.walks, 0u);
    return watcher;
}

using Frames = std::vector<std::string>;

TEST(LuaFrames, NamesFunctionsInnermostFirst) {
    EXPECT_EQ(run("local function inner()\n"
                  "  big()\n"
                  "end\n"
                  "local function outer()\n"
                  "  inner()\n"
                  "  return 1\n"
                  "end\n"
                  "outer()\n")
                  .at_big_request,
              (Frames{"script.lua:2 inner", "script.lua:5 outer", "script.lua:8 main chunk"}));
}

TEST(LuaFrames, StopsAtTheCapacity) {
    EXPECT_EQ(
        run("local function f(n) if n == 0 then big() else f(n - 1) end return n end\nf(9)\n", 2)
            .at_big_request,
        (Frames{"script.lua:1 f", "script.lua:1 f"}));
}

TEST(LuaFrames, FollowsResumeIntoTheRunningCoroutine) {
    EXPECT_EQ(run("local co = coroutine.create(function()\n"
                  "  coroutine.yield()\n"
                  "  big()\n"
                  "end)\n"
                  "coroutine.resume(co)\n"
                  "coroutine.resume(co)\n")
                  .at_big_request,
              (Frames{"script.lua:3 function <1>", "script.lua:6 main chunk"}));
}

TEST(LuaFrames, FollowsNestedCoroutinesMadeByWrap) {
    EXPECT_EQ(run("local outer = coroutine.wrap(function()\n"
                  "  local inner = coroutine.wrap(function()\n"
                  "    big()\n"
                  "  end)\n"
                  "  inner()\n"
                  "end)\n"
                  "outer()\n")
                  .at_big_request,
              (Frames{"script.lua:3 function <2>", "script.lua:5 function <1>",
                      "script.lua:7 main chunk"}));
}

TEST(LuaFrames, FollowsTheCloserOfASuspendedCoroutine) {
    EXPECT_EQ(run("local co = coroutine.create(function()\n"
                  "  local guard <close> = setmetatable({}, {__close = function() big() end})\n"
                  "  coroutine.yield()\n"
                  "end)\n"
                  "coroutine.resume(co)\n"
                  "coroutine.close(co)\n")
                  .at_big_request,
              (Frames{"script.lua:2 function <2>", "script.lua:6 main chunk"}));
}

TEST(LuaFrames, DoesNotTakeAnArgumentForTheRunningCoroutine) {
    // While it runs, `big` holds as its first argument: a suspended thread, the thread that resumed
    // this one, and a finished one. None of them is running.
    const std::string calls[] = {"big(suspended)", "big(resumer)", "big(finished)"};
    for (const std::string& call : calls) {
        EXPECT_EQ(run("local suspended = coroutine.create(function() coroutine.yield() end)\n"
                      "coroutine.resume(suspended)\n"
                      "local finished = coroutine.create(function() end)\n"
                      "coroutine.resume(finished)\n"
                      "local resumer = coroutine.running()\n"
                      "local co = coroutine.wrap(function()\n"
                      "  " +
                      call +
                      "\n"
                      "end)\n"
                      "co()\n")
                      .at_big_request,
                  (Frames{"script.lua:7 function <6>", "script.lua:9 main chunk"}))
            << call;
    }
}

TEST(LuaFrames, WalksAnywhereInCollectionErrorsAndCoroutineChurn) {
    // Each request of this is a walk; a wild pointer would end the test.
    const Watcher watcher = run(
        "collectgarbage('generational')\n"
        "for i = 1, 200 do\n"
        "  local t = setmetatable({}, {__gc = function() return ('x'):rep(i) end})\n"
        "  local co = coroutine.create(function(a) error({coroutine.yield(a .. i)}) end)\n"
        "  coroutine.resume(co, 'a')\n"
        "  coroutine.resume(co, t)\n"
        "  local s = string.gsub('a.b.c', '%w', function(c) return c .. i end)\n"
        "  local f = load('return ' .. i)\n"
        "end\n"
        "local function deep(n) if n > 0 then return 1 + deep(n - 1) end return 0 end\n"
        "pcall(deep, 5000)\n"
        "local function nest(n) if n > 0 then return coroutine.wrap(nest)(n - 1) end big() end\n"
        "nest(100)\n");
    EXPECT_EQ(watcher.at_big_request,
              Frames(DEARTH_SCRIPT_FRAMES_MAX, "script.lua:12 function <12>"));
}

}  // namespace
