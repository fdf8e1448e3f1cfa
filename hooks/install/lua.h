/// Lua in linked mode: the allocation function for lua_newstate, over dearth's layers. Includes
/// no Lua header: lua_Alloc has had this one form since Lua 5.0, so any 5.x state takes it.
/// Must not look at the state it serves: a request may come from the middle of any operation.
#ifndef DEARTH_INSTALL_LUA_H
#define DEARTH_INSTALL_LUA_H

#include <stddef.h>

#include "dearth/allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Puts the layers of dearth_start around libc's allocator and stores the result in `wrapped`,
/// which must outlive every state that uses it. Lua has one allocator a state: its blocks belong
/// to the mem domain. Returns 0, or -1 with the errno of dearth_wrap. Once a process: all states
/// share the layers.
int dearth_lua_install(struct dearth_allocator* wrapped);

/// A lua_Alloc; its `ud` is a struct dearth_allocator. With a block, `old_bytes` is its size and is
/// held against the ledger; without one it is Lua's code for the kind of object, which is not a
/// size. `new_bytes` 0 frees and returns NULL. Shrinking is a realloc to fewer bytes: the fault
/// layer leaves it alone unless the schedule names it. A failed resize keeps the old block.
void* dearth_lua_alloc(void* ud, void* block, size_t old_bytes, size_t new_bytes);

#ifdef __cplusplus
}
#endif

#endif
