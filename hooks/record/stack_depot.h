// Every distinct call stack once: capture, look up, keep. Entries are never freed and never move,
// so a StackId stays valid for the life of the process and in its forked children. Memory is
// reserved at the start and touched as it fills, so a fork copies only what is in use.
// Threads: interning takes a spin lock when the process has several threads; reading takes none.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/record/request_context.h"

namespace dearth::hooks {

/// Frames kept of a stack.
inline constexpr size_t kDepotFramesMax = 24;

/// The id of the stack with these return addresses; 0 when depth is 0 or the depot is full
/// (stack_depot_is_full then stays true: the request goes on, without a stack).
StackId intern_stack(void* const* frames, size_t depth) noexcept;

/// Captures the caller's stack and interns it. `first_caller`: see capture().
StackId intern_current_stack(const void* first_caller) noexcept;

/// Module-relative signature: equal in every process of the same binaries, whatever the load
/// addresses. 0 only for id 0.
uint64_t stack_site(StackId id) noexcept;

/// The same signature of frames that are not interned.
uint64_t frames_site(void* const* frames, size_t depth) noexcept;

/// The frames as captured; valid for the life of the process. 0 for id 0.
size_t stack_frames(StackId id, void* const** frames) noexcept;

/// How often a request of this stack was selected (seen by the window) so far, and one more.
uint64_t stack_selected_count(StackId id) noexcept;
uint64_t count_selected(StackId id) noexcept;
void reset_selected_counts() noexcept;

/// How a pattern is held against a name: the schedule's own function.
using GlobMatcher = bool (*)(const char* glob, const char* text) noexcept;

/// Whether a function of the stack has a name that matches the glob, or whether the innermost
/// frame's module file name does. Answers are cached per stack and pattern; a pattern is known by
/// its text. Names come from dynamic symbols; a frame without one has the empty name.
bool stack_matches_function(StackId id, const char* glob, GlobMatcher matches) noexcept;
bool stack_matches_module(StackId id, const char* glob, GlobMatcher matches) noexcept;

/// Distinct stacks so far; whether one had to be dropped.
uint64_t stack_depot_count() noexcept;
bool stack_depot_is_full() noexcept;

/// Calls `visit` for every stack, oldest first.
void for_each_stack(void* ctx, void (*visit)(void* ctx, StackId id)) noexcept;

}  // namespace dearth::hooks
