/// What one trial leaves on the control page: call stacks, misuse of the allocator, its steps and
/// how it ended. Part of the page's layout: the rule for a change stands in control_page.h.
#ifndef DEARTH_TRIAL_SLOT_H
#define DEARTH_TRIAL_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "dearth/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DEARTH_FRAMES_MAX = 24,        ///< frames kept of one call stack
    DEARTH_SCRIPT_FRAMES_MAX = 4,  ///< frames kept of the script's own stack
    DEARTH_MISUSES_MAX = 16,       ///< misuses kept of one trial
    DEARTH_SHOWN_BYTES_MAX = 16,   ///< changed bytes shown of one misuse
    DEARTH_LEAK_SITES_MAX = 8,     ///< leaking call sites kept of one trial
    DEARTH_SLOTS_MAX = 64,
    DEARTH_SWEEP_KINDS_MAX = 8,
    DEARTH_NAME_BYTES = 256
};

/// A return address as (module << 48) | offset: `module` is an index into the module region,
/// `offset` counts from the module's load bias. DEARTH_MODULE_UNKNOWN: the low 48 bits are the
/// raw address.
#define DEARTH_MODULE_SHIFT 48
#define DEARTH_MODULE_UNKNOWN 0xFFFFu

struct dearth_stack {
    uint64_t site;      ///< signature of the module-relative frames; 0: not captured
    uint32_t depth;     ///< frames that follow
    uint32_t is_exact;  ///< 1: frames[0] is the faulting instruction itself, not a return address
    uint64_t frames[DEARTH_FRAMES_MAX];  ///< innermost first
};

struct dearth_script_frame {
    char file[96];
    char function[48];
    int32_t line;  ///< from 1; 0: unknown
    int32_t reserved;
};

/// Which functions made a block, or were called to free it. They do not mix.
enum dearth_family {
    DEARTH_FAMILY_MALLOC = 0,    ///< malloc and its kin, and every allocator that has no families
    DEARTH_FAMILY_NEW = 1,       ///< operator new, operator delete
    DEARTH_FAMILY_NEW_ARRAY = 2  ///< operator new[], operator delete[]
};

/// Misuse of the allocator, as the layers find it.
enum dearth_misuse_kind {
    DEARTH_MISUSE_OVERFLOW = 1,
    DEARTH_MISUSE_UNDERFLOW = 2,
    DEARTH_MISUSE_USE_AFTER_FREE = 3,
    DEARTH_MISUSE_DOUBLE_FREE = 4,
    DEARTH_MISUSE_INVALID_FREE = 5,  ///< not a block's start: foreign, interior, wild
    /// Freed by another family of functions than made it, or, within one, with a size told by the
    /// caller that differs from the size recorded.
    DEARTH_MISUSE_MISMATCHED_FREE = 6,
    DEARTH_MISUSE_WRONG_DOMAIN = 7
};

/// An access that an unreadable page stopped. `detected` is then the faulting stack.
enum dearth_access { DEARTH_ACCESS_UNKNOWN = 0, DEARTH_ACCESS_READ = 1, DEARTH_ACCESS_WRITE = 2 };

struct dearth_misuse {
    uint32_t kind;    ///< enum dearth_misuse_kind
    uint32_t op;      ///< enum dearth_op, or DEARTH_OP_COUNT for free and for sweeps
    uint32_t domain;  ///< domain the call was made in
    uint32_t block_domain;
    uint32_t family;            ///< enum dearth_family: what was called
    uint32_t block_family;      ///< what made the block
    uint64_t address;           ///< the pointer concerned
    uint64_t block_size_bytes;  ///< bytes asked for; 0: unknown
    uint64_t told_size_bytes;   ///< mismatched free: what the caller said
    int64_t distance_bytes;     ///< first byte concerned: from the block's end (overflow) or start
    uint32_t changed_bytes;     ///< how many guard or dead bytes differ
    uint32_t phase;
    uint32_t access;  ///< enum dearth_access: how the block was misused, where that is known
    uint32_t thread;  ///< number of the thread that found it, from 1; 0: it made no request
    uint64_t serial;  ///< serial of the block; 0: unknown
    /// Guard or dead bytes as they were found, ascending, beside what they should be: the changed
    /// ones nearest to the block, and what lies between them.
    int64_t shown_distance_bytes;  ///< of the first of them, measured as `distance_bytes`
    uint32_t shown_bytes;          ///< how many are shown; 0: none
    uint32_t reserved;
    uint8_t found[DEARTH_SHOWN_BYTES_MAX];
    uint8_t expected[DEARTH_SHOWN_BYTES_MAX];
    char place[64];  ///< file:line where the request named one
    struct dearth_stack detected;
    struct dearth_stack allocated;
    struct dearth_stack freed;
};

/// One step of a trial. AGAIN: the script once more in the same interpreter; FRESH: in a new
/// interpreter of the same process. Both without faults.
enum dearth_step {
    DEARTH_STEP_OPEN = 0,
    DEARTH_STEP_RUN = 1,
    DEARTH_STEP_CLOSE = 2,
    DEARTH_STEP_AGAIN = 3,
    DEARTH_STEP_FRESH = 4,
    DEARTH_STEP_COUNT = 5
};

enum dearth_step_status {
    DEARTH_STATUS_NONE = 0,  ///< not reached
    DEARTH_STATUS_OK = 1,
    DEARTH_STATUS_ERROR = 2,
    DEARTH_STATUS_ERROR_UNSET = 3,  ///< an error was returned but none is set
    DEARTH_STATUS_STARTED = 4       ///< entered and never left
};

///
/// A whole program has OPEN (constructors of the executable), RUN (main) and CLOSE (from main's
/// return, or exit, on). All its output is RUN's, whose ends are DEARTH_OUTPUT_TO_END: libc writes
/// what is buffered only after the last of us.
#define DEARTH_OUTPUT_TO_END UINT64_MAX
struct dearth_step_result {
    uint32_t status;  ///< enum dearth_step_status
    uint32_t reserved;
    char kind[32];      ///< class of the error: "MemoryError", "LUA_ERRMEM"; empty when OK
    char message[224];  ///< the error's text
    uint64_t out_begin, out_end;  ///< bytes of standard output this step wrote
    uint64_t err_begin, err_end;  ///< bytes of standard error
};

struct dearth_leak_site {
    uint64_t blocks;  ///< more than the baseline leaves
    uint64_t bytes;
    uint64_t lost_blocks;  ///< of those, not reachable any more; see DEARTH_CHECK_REACHABLE
    uint64_t lost_bytes;
    uint32_t domain;
    uint32_t reserved;
    struct dearth_stack allocated;
};

/// How a trial's process ended.
enum dearth_end {
    DEARTH_END_NONE = 0,
    DEARTH_END_FINISHED = 1,  ///< went through every step and said so
    DEARTH_END_EXITED = 2,    ///< left early: `end_code` is the exit status
    DEARTH_END_SIGNALED = 3,  ///< `end_code` is the signal
    DEARTH_END_DEADLINE = 4,  ///< killed at its deadline
    DEARTH_END_LIVELOCK = 5,  ///< more injected failures than `failure_limit`: it retries for ever
    DEARTH_END_INTERNAL = 6   ///< our own broken invariant: `note` says which
};

/// Whether lost and reachable blocks are told apart. UNKNOWN: there was no memory for the search,
/// or the kernel shows the process nothing of itself.
enum dearth_reachability {
    DEARTH_REACHABILITY_UNASKED = 0,
    DEARTH_REACHABILITY_KNOWN = 1,
    DEARTH_REACHABILITY_UNKNOWN = 2
};

enum dearth_slot_state { DEARTH_SLOT_FREE = 0, DEARTH_SLOT_RUNNING = 1, DEARTH_SLOT_DONE = 2 };

/// Everything one trial leaves behind.
struct dearth_trial_slot {
    uint32_t state;       ///< enum dearth_slot_state; atomic; the harness frees, the target fills
    uint32_t kind_index;  ///< index into config.kinds (fork), 0 otherwise
    uint64_t ordinal;     ///< of the failed request among those the filters see, from 1
    uint64_t serial;      ///< of the failed request among all requests, from 1
    uint64_t occurrence;  ///< how often its call site had been seen, from 1
    struct dearth_request request;  ///< the failed one
    struct dearth_stack injected;   ///< its call stack
    uint32_t script_depth;
    uint32_t phase;  ///< where the trial stands, or stood when it ended
    struct dearth_script_frame script[DEARTH_SCRIPT_FRAMES_MAX];
    uint64_t injected_count;    ///< faults injected; 0: not reached
    uint64_t out_prefix_bytes;  ///< standard output of the forward run before the point
    uint64_t err_prefix_bytes;
    struct dearth_step_result steps[DEARTH_STEP_COUNT];
    uint32_t misuse_count;  ///< seen; may exceed DEARTH_MISUSES_MAX
    uint32_t end;           ///< enum dearth_end
    int32_t end_code;
    int32_t fatal_signal;  ///< caught by the target itself before it died; 0: none
    uint64_t fatal_address;
    uint32_t is_stack_overflow;
    uint32_t leak_site_count;  ///< found; may exceed DEARTH_LEAK_SITES_MAX
    uint64_t leak_blocks;
    uint64_t leak_bytes;
    uint64_t lost_blocks;  ///< of leak_blocks
    uint64_t lost_bytes;
    uint32_t reachability;  ///< enum dearth_reachability: what the two above are worth
    uint32_t leak_reserved;
    uint64_t elapsed_ns;
    uint64_t requests;   ///< requests made in this trial's process so far
    uint64_t exhausted;  ///< of those, failed because there really was no memory
    struct dearth_stack fatal;
    struct dearth_misuse misuses[DEARTH_MISUSES_MAX];
    struct dearth_leak_site leaks[DEARTH_LEAK_SITES_MAX];
    char note[DEARTH_NAME_BYTES];
};

#ifdef __cplusplus
}
#endif

#endif
