// Weighing one request: what the observer says, what the schedule says, what is done to a block
// that was made. Shared by the two halves of the fault layer and by nobody else.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include "hooks/layers/fault_layer.h"
#include "hooks/schedule/schedule_decision.h"

namespace dearth::hooks {

inline constexpr size_t kDefaultAlignment = 16;

/// What to do with a request. Zero: let it pass.
struct Plan {
    bool is_failing;
    bool has_effect;  ///< `action` is something else than a failure
    uint32_t action;  ///< enum dearth_action
    uint32_t term;    ///< whose numbers say how
    uint32_t corrupt_bytes;
    uint32_t corrupt_offset;
    unsigned char fill_byte;
    size_t kept_bytes;  ///< of a resized block: not new, not to be filled
};

/// Counters written at every request stand apart from what is only read.
struct FaultState {
    bool is_watching;  ///< decide_request has something to do
    bool captures_stacks;
    bool captures_free_stacks;
    bool is_disarmed;
    bool sees_arenas;
    uint32_t phase;  ///< atomic
    uint32_t threads;
    uint64_t check_interval;
    void (*check)();
    RequestObserver observer;
    alignas(64) uint64_t requests;
    uint64_t selected;
    uint64_t injected;
    uint64_t exhausted;
};
extern constinit FaultState fault_state;

inline uint64_t count_request() noexcept {
    return count_one(fault_state.requests);
}

void number_this_thread() noexcept;
void count_exhausted() noexcept;

/// Runs the observer, the schedule and the periodic check for a numbered request.
Plan decide_request(uint32_t domain, uint32_t op, size_t size_bytes, size_t align_bytes) noexcept;

/// Does to a new block what the plan says, apart from moving it.
void apply_effect(const Plan& plan, unsigned char* block, size_t size_bytes) noexcept;

/// A numbered arena request, nested or not; true: it must fail.
bool fails_arena(size_t size_bytes, void* caller) noexcept;

}  // namespace dearth::hooks
