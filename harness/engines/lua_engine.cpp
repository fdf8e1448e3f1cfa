// dearth-engine-lua: embeds Lua 5.4 the way a careful program does. Everything that can raise runs
// inside lua_pcall, strings included, and nothing here allocates from the state outside of one.
// No function that Lua calls may own anything with a destructor: errors leave by longjmp.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lua.hpp>

#include "dearth/engine.h"
#include "harness/engines/lua_frames.h"
#include "hooks/install/lua.h"

namespace {

struct LuaEngine {
    dearth_allocator allocator;
    lua_State* state;
};

// Read by `time` below, which liblua calls.
bool is_time_frozen = false;

const char* status_name(int status) {
    switch (status) {
        case LUA_ERRMEM:
            return "LUA_ERRMEM";
        case LUA_ERRSYNTAX:
            return "LUA_ERRSYNTAX";
        case LUA_ERRERR:
            return "LUA_ERRERR";
        case LUA_ERRFILE:
            return "LUA_ERRFILE";
        default:
            return "LUA_ERRRUN";
    }
}

// Describes the error object on top of the stack without running its metamethods, which may fail,
// and without converting it in place, which allocates.
void describe_error_object(lua_State* state, char* text, size_t text_bytes) {
    const int type = lua_type(state, -1);
    if (type == LUA_TSTRING) {
        snprintf(text, text_bytes, "%s", lua_tostring(state, -1));
    } else if (type == LUA_TNUMBER && lua_isinteger(state, -1)) {
        snprintf(text, text_bytes, LUA_INTEGER_FMT, lua_tointeger(state, -1));
    } else if (type == LUA_TNUMBER) {
        snprintf(text, text_bytes, LUA_NUMBER_FMT, lua_tonumber(state, -1));
    } else {
        snprintf(text, text_bytes, "(error object is a %s value)", lua_typename(state, type));
    }
}

// Takes what lua_pcall left behind.
void report_status(lua_State* state, int status, dearth_outcome& outcome) {
    if (status == LUA_OK) {
        outcome.status = DEARTH_STATUS_OK;
        return;
    }
    outcome.status = DEARTH_STATUS_ERROR;
    snprintf(outcome.kind, sizeof outcome.kind, "%s", status_name(status));
    describe_error_object(state, outcome.message, sizeof outcome.message);
    lua_pop(state, 1);
}

// An error outside every protected call: this engine makes none, so Lua itself did. Lua's contract
// is to die; the text on standard error tells this death from others.
int die_of_panic(lua_State* state) {
    char line[256] = "lua panic: ";
    describe_error_object(state, line + strlen(line), sizeof line - strlen(line) - 1);
    strcat(line, "\n");
    const ssize_t written = write(STDERR_FILENO, line, strlen(line));
    static_cast<void>(written);
    abort();
}

int open_libraries(lua_State* state) {
    luaL_checkversion(state);
    // Deaf to LUA_PATH and its kin, as `lua -E` is: the same script sees the same world everywhere.
    lua_pushboolean(state, 1);
    lua_setfield(state, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_openlibs(state);
    return 0;
}

struct Chunk {
    const char* source;
    size_t source_bytes;
    char name[DEARTH_NAME_BYTES + 1];
    int load_status;
};

int load_and_call(lua_State* state) {
    auto* chunk = static_cast<Chunk*>(lua_touserdata(state, 1));
    chunk->load_status =
        luaL_loadbufferx(state, chunk->source, chunk->source_bytes, chunk->name, "t");
    if (chunk->load_status != LUA_OK) {
        return lua_error(state);
    }
    lua_call(state, 0, 0);
    return 0;
}

int install(void* self, dearth_outcome* outcome) {
    auto* engine = static_cast<LuaEngine*>(self);
    if (dearth_lua_install(&engine->allocator) != 0) {
        snprintf(outcome->message, sizeof outcome->message,
                 "wrap the allocator that Lua states are given: %s", strerror(errno));
        return -1;
    }
    return 0;
}

void open_state(void* self, dearth_outcome* outcome) {
    auto* engine = static_cast<LuaEngine*>(self);
    is_time_frozen = true;
    engine->state = lua_newstate(dearth_lua_alloc, &engine->allocator);
    dearth_control_returned();
    if (engine->state == nullptr) {
        is_time_frozen = false;
        outcome->status = DEARTH_STATUS_ERROR;
        snprintf(outcome->kind, sizeof outcome->kind, "LUA_ERRMEM");
        snprintf(outcome->message, sizeof outcome->message,
                 "cannot create state: not enough memory");
        return;
    }
    lua_atpanic(engine->state, die_of_panic);
    // A C function without upvalues is a plain pointer on the stack: pushing it cannot fail.
    lua_pushcfunction(engine->state, open_libraries);
    const int status = lua_pcall(engine->state, 0, 0, 0);
    is_time_frozen = false;
    dearth_control_returned();
    report_status(engine->state, status, *outcome);
    if (status != LUA_OK) {
        lua_State* half_open = engine->state;
        engine->state = nullptr;
        lua_close(half_open);
        dearth_control_returned();
    }
}

void run_script(void* self, const char* source, size_t source_bytes, const char* name,
                dearth_outcome* outcome) {
    lua_State* state = static_cast<LuaEngine*>(self)->state;
    Chunk chunk = {source, source_bytes, {}, LUA_OK};
    snprintf(chunk.name, sizeof chunk.name, "@%s", name);
    lua_pushcfunction(state, load_and_call);
    lua_pushlightuserdata(state, &chunk);
    int status = lua_pcall(state, 1, 0, 0);
    dearth_control_returned();
    // Rethrown by load_and_call, a syntax error comes out as a runtime error.
    if (status == LUA_ERRRUN && chunk.load_status != LUA_OK) {
        status = chunk.load_status;
    }
    report_status(state, status, *outcome);
    fflush(stdout);
}

void close_state(void* self, dearth_outcome* outcome) {
    auto* engine = static_cast<LuaEngine*>(self);
    lua_close(engine->state);
    engine->state = nullptr;
    dearth_control_returned();
    fflush(stdout);
    outcome->status = DEARTH_STATUS_OK;
}

size_t script_stack(void* self, dearth_script_frame* frames, size_t capacity) {
    lua_State* state = static_cast<LuaEngine*>(self)->state;
    return state == nullptr ? 0 : dearth_lua_frames(state, frames, capacity);
}

}  // namespace

// Lua seeds its string hash and math.random from time(NULL) and from addresses. Addresses repeat
// once layout randomization is off; this makes the time repeat. The linker exports the symbol
// because liblua refers to it, and the executable's definition is found before libc's, so liblua's
// calls arrive here: a constant while a state is made, the clock at any other moment (os.time).
extern "C" time_t time(time_t* result) noexcept {
    constexpr time_t kAnyMoment = 1'000'000'000;
    timespec now = {kAnyMoment, 0};
    if (!is_time_frozen) {
        clock_gettime(CLOCK_REALTIME, &now);
    }
    if (result != nullptr) {
        *result = now.tv_sec;
    }
    return now.tv_sec;
}

int main(int argc, char** argv) {
    static LuaEngine lua = {};
    const dearth_engine engine = {
        .name = "lua",
        .version = LUA_RELEASE,
        .install = install,
        .open = open_state,
        .run = run_script,
        .close = close_state,
        .script_stack = script_stack,
        .self = &lua,
    };
    return dearth_engine_main(argc, argv, &engine);
}
