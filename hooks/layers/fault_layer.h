// Top of every stack: numbers requests and makes chosen ones fail. Also the gate of the stack: a
// request made while the same thread is inside another one (an allocator built on another domain,
// the loader, our own unwinder) goes straight to the bottom, unnumbered and unrecorded, and so
// does its free, so both ends of a nested block meet the same layers.
//
// Way in: number, ask the observer, ask the schedule. Way out: NULL with ENOMEM for a fault;
// corrupt or fill the new block if told to. Adds nothing to a block. Threads: numbers are atomic,
// the schedule's state is guarded by a spin lock; a process with one thread pays for neither.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/install.h"
#include "dearth/schedule.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

/// One request, as an observer sees it before anything is decided.
struct RequestFacts {
    dearth_request request;
    uint64_t serial;      ///< among all numbered requests, from 1
    uint64_t ordinal;     ///< among those term 0 sees, from 1; 0: its window does not see it
    uint32_t stack_id;    ///< 0: stacks are off
    uint64_t occurrence;  ///< of this site among selected requests, from 1; 0: not selected
};

/// Watches requests. Both functions run inside the request, on its thread, with the nested flag
/// set: they may allocate, but only from the bottom. With several threads they run concurrently.
struct RequestObserver {
    void* ctx;
    /// Every request, before its decision is applied. True: the schedule was replaced during the
    /// call (replace_schedule_keeping_ordinals), so the decision is made anew, with the new
    /// schedule, at the same ordinal. May be nullptr.
    bool (*on_request)(void* ctx, const RequestFacts& facts);
    /// Every injected fault (`action`: enum dearth_action), before it takes effect. May be nullptr.
    void (*on_injected)(void* ctx, const RequestFacts& facts, uint32_t action);
    /// Asked when a fault is about to be injected; false: the request passes, and nothing counts as
    /// injected. May be nullptr.
    bool (*may_inject)(void* ctx) = nullptr;
};

/// `observer` is copied; nullptr removes it.
void set_observer(const RequestObserver* observer) noexcept;

/// Replaces the schedule and starts ordinals, serials and counters anew; nullptr arms nothing.
void set_schedule(const dearth_schedule* schedule) noexcept;

/// Replaces the schedule in the middle of a request: every term goes on from the ordinal that the
/// term of the same index had reached before this request.
void replace_schedule_keeping_ordinals(const dearth_schedule& schedule) noexcept;

/// Call stacks for every request, or none. Off: `site` filters see 0.
void set_captures_stacks(bool captures) noexcept;
bool captures_stacks() noexcept;
/// Call stacks for every free as well; without them a free is stored without its stack.
void set_captures_free_stacks(bool captures) noexcept;

/// See dearth/install.h.
dearth_phase set_phase(dearth_phase phase) noexcept;
dearth_phase current_phase() noexcept;
void control_returned() noexcept;
void disarm() noexcept;
void arm() noexcept;
void expect_size(uint32_t domain, const void* block, size_t told_bytes) noexcept;

struct FaultCounters {
    uint64_t requests;
    uint64_t selected;  ///< requests that term 0 saw
    uint64_t injected;
    uint64_t exhausted;
    uint64_t threads;
};
FaultCounters read_fault_counters() noexcept;

/// Runs `check` after every `interval` requests, outside the gate's numbering; 0: never.
void set_periodic_check(uint64_t interval, void (*check)()) noexcept;

/// State of one wrapped domain. Zero is valid: not in use.
struct FaultLayer {
    dearth_allocator beneath;
    dearth_allocator bottom;  ///< where nested requests go
    uint32_t domain;
};

/// The layer as an allocator. `layer` and what it points to must outlive every request.
void fault_layer_open(FaultLayer& layer, uint32_t domain, const dearth_allocator& beneath,
                      const dearth_allocator& bottom, dearth_allocator& top) noexcept;

/// The same for arenas: requests of op ARENA, in the object domain. They happen inside a request
/// that needed an arena, so they pass the gate; they are numbered only while the schedule names
/// the op, because their number depends on address layout.
struct ArenaFaultLayer {
    dearth_arena_allocator beneath;
};
void arena_fault_layer_open(ArenaFaultLayer& layer, const dearth_arena_allocator& beneath,
                            dearth_arena_allocator& top) noexcept;

}  // namespace dearth::hooks
