// The Lua stack at the moment of a request, read without allocating, raising or pushing.
#pragma once

#include <stddef.h>
#include <lua.hpp>

#include "dearth/control_page.h"

/// Fills `frames` innermost first, over the boundaries of coroutines, and returns how many it
/// filled. C functions have no line and are left out. `state` is the main state of a state that
/// lua_newstate returned and lua_close has not freed; to be called from its allocation function,
/// before the block at hand is touched.
size_t dearth_lua_frames(lua_State* state, struct dearth_script_frame* frames, size_t capacity);
