/// Linked mode: puts dearth's layers around allocators that a program hands out itself.
///
/// Order of calls in a target: dearth_start, then dearth_wrap once per domain, then requests, with
/// dearth_enter_phase around what it does. All of it before the target starts threads, except
/// the requests themselves. Nothing here allocates from the wrapped allocators.
#ifndef DEARTH_INSTALL_H
#define DEARTH_INSTALL_H

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"
#include "dearth/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Sets the layers and the schedule for every later dearth_wrap. `options` and `schedule` are
/// copied; NULL `schedule` arms nothing. Returns 0, or -1 with errno EINVAL (a value out of the
/// range its comment gives) or ENOMEM (no pages). A second call replaces the schedule and starts
/// ordinals anew; the layers stay as first set.
int dearth_start(const struct dearth_layer_options* options,
                 const struct dearth_schedule* schedule);

/// Builds the stack of layers for `domain` around `beneath` and stores its top in `wrapped`.
/// `beneath` is copied. Returns 0, or -1 with errno EINVAL (unknown domain, a NULL function) or
/// EBUSY (the domain is wrapped already).
int dearth_wrap(enum dearth_domain domain, const struct dearth_allocator* beneath,
                struct dearth_allocator* wrapped);

/// Marks what the target does from now on; returns the phase before. Any thread; the phase is one
/// for the process. Entering a phase also ends a sticky fault.
enum dearth_phase dearth_enter_phase(enum dearth_phase phase);
enum dearth_phase dearth_current_phase(void);

/// Ends a sticky fault: an API call has returned to the embedder.
void dearth_control_returned(void);

/// Switches injection off, or on again, without touching ordinals. Starts on.
void dearth_disarm(void);
void dearth_arm(void);

/// The caller is about to free or resize `block` and believes it to be `told_bytes` long. A
/// difference from what the ledger knows is a mismatched free. For sized APIs (lua_Alloc's osize,
/// arenas, sized delete); without a ledger it does nothing.
void dearth_expect_size(enum dearth_domain domain, void* block, size_t told_bytes);

/// Source place of this thread's next request, for findings; cleared by that request. `file` must
/// outlive the block.
void dearth_next_place(const char* file, int line);

/// Checks guard bytes of every live block and the fill of every quarantined one; what is wrong
/// is reported as usual. Returns how many blocks are damaged.
size_t dearth_check_blocks(void);

/// Counters, all since dearth_start.
struct dearth_counters {
    uint64_t requests;   ///< all domains, failures included
    uint64_t injected;   ///< faults injected
    uint64_t exhausted;  ///< real failures of the allocator beneath
    uint64_t live_blocks;
    uint64_t live_bytes;
    uint64_t peak_bytes;
    uint64_t misuses;
};
void dearth_read_counters(struct dearth_counters* counters);

/// Empty and never inlined: runs once at every injected fault, before NULL is returned. A place
/// for a breakpoint.
void dearth_on_injected_fault(void);

#ifdef __cplusplus
}
#endif

#endif
