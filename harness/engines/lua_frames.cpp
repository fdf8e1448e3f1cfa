// lua_Alloc is not told which coroutine runs, and Lua has no call that says so. But each coroutine
// that runs was resumed by a C function (resume, close, a function made by wrap) which is its
// resumer's top frame and still holds the thread as first argument or first upvalue. So the chain
// from the main state inwards can be followed by looking, and looking neither pushes nor allocates.
//
// Only that argument and that upvalue are looked at: higher on the stack of coroutine.create
// stands, for one request, a thread that is not built yet.
#include "harness/engines/lua_frames.h"

#include <stdio.h>

namespace {

// Lua's own bound on nested C calls, and so on nested resumes (LUAI_MAXCCALLS).
constexpr size_t kNestedResumesMax = 200;

struct ResumeChain {
    lua_State* threads[kNestedResumesMax];
    size_t count;
};

bool is_in_chain(const ResumeChain& chain, const lua_State* thread) {
    for (size_t index = 0; index < chain.count; ++index) {
        if (chain.threads[index] == thread) {
            return true;
        }
    }
    return false;
}

// A thread that has frames, is neither suspended nor dead, and is no resumer of `thread` is one
// that `thread` waits for: all such threads form one chain.
lua_State* resumed_by(lua_State* thread, const ResumeChain& chain) {
    lua_Debug frame;
    if (lua_getstack(thread, 0, &frame) == 0 || lua_getinfo(thread, "S", &frame) == 0 ||
        frame.what[0] != 'C') {
        return nullptr;
    }
    const int places[] = {1, lua_upvalueindex(1)};
    for (const int index : places) {
        lua_State* candidate = lua_tothread(thread, index);
        if (candidate != nullptr && !is_in_chain(chain, candidate) &&
            lua_status(candidate) == LUA_OK && lua_getstack(candidate, 0, &frame) != 0) {
            return candidate;
        }
    }
    return nullptr;
}

void describe(const lua_Debug& debug, dearth_script_frame& frame) {
    const bool is_file = debug.source != nullptr && debug.source[0] == '@';
    snprintf(frame.file, sizeof frame.file, "%s", is_file ? debug.source + 1 : debug.short_src);
    const bool is_main_chunk = debug.what[0] == 'm';
    if (is_main_chunk || debug.name != nullptr) {
        snprintf(frame.function, sizeof frame.function, "%s",
                 is_main_chunk ? "main chunk" : debug.name);
    } else {
        // A coroutine's body, a function called from C: Lua knows a name only from the call.
        snprintf(frame.function, sizeof frame.function, "function <%d>", debug.linedefined);
    }
    frame.line = debug.currentline;
}

size_t frames_of(lua_State* thread, dearth_script_frame* frames, size_t capacity) {
    size_t filled = 0;
    lua_Debug debug;
    for (int level = 0; filled < capacity && lua_getstack(thread, level, &debug) != 0; ++level) {
        if (lua_getinfo(thread, "nSl", &debug) != 0 && debug.currentline > 0) {
            describe(debug, frames[filled++]);
        }
    }
    return filled;
}

}  // namespace

size_t dearth_lua_frames(lua_State* state, dearth_script_frame* frames, size_t capacity) {
    ResumeChain chain;
    chain.threads[0] = state;
    chain.count = 1;
    while (chain.count < kNestedResumesMax) {
        lua_State* next = resumed_by(chain.threads[chain.count - 1], chain);
        if (next == nullptr) {
            break;
        }
        chain.threads[chain.count++] = next;
    }
    size_t filled = 0;
    while (chain.count > 0 && filled < capacity) {
        filled += frames_of(chain.threads[--chain.count], frames + filled, capacity - filled);
    }
    return filled;
}
