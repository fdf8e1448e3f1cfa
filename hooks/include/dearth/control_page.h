/// The control page: the only door between a target and the harness. The harness makes it (an
/// anonymous shared file), writes the configuration, starts the target with the descriptor's
/// number in DEARTH_CONTROL_FD; the target maps it and writes facts *while they happen*, so a
/// killed process still testifies.
///
/// Layout: dearth_control_header, then regions whose offset and capacity stand in the header.
/// Every byte the target wrote is untrusted for the harness: counts are clamped to capacities,
/// text is cut at its array's end.
///
/// Rule for a change: any change of layout or meaning raises DEARTH_CONTROL_VERSION; both sides
/// refuse another version. The static asserts at the end pin the layout.
#ifndef DEARTH_CONTROL_PAGE_H
#define DEARTH_CONTROL_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "dearth/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEARTH_CONTROL_MAGIC UINT64_C(0x6567617068747264) /* "drthpage" */
#define DEARTH_CONTROL_VERSION 1u
#define DEARTH_CONTROL_FD_VARIABLE "DEARTH_CONTROL_FD"

enum {
    DEARTH_FRAMES_MAX = 24,        ///< frames kept of one call stack
    DEARTH_SCRIPT_FRAMES_MAX = 4,  ///< frames kept of the script's own stack
    DEARTH_MISUSES_MAX = 4,        ///< misuses kept of one trial
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

/// Misuse of the allocator, as the layers find it.
enum dearth_misuse_kind {
    DEARTH_MISUSE_OVERFLOW = 1,
    DEARTH_MISUSE_UNDERFLOW = 2,
    DEARTH_MISUSE_USE_AFTER_FREE = 3,
    DEARTH_MISUSE_DOUBLE_FREE = 4,
    DEARTH_MISUSE_INVALID_FREE = 5,     ///< not a block's start: foreign, interior, wild
    DEARTH_MISUSE_MISMATCHED_FREE = 6,  ///< size told by the caller differs from the size recorded
    DEARTH_MISUSE_WRONG_DOMAIN = 7
};

struct dearth_misuse {
    uint32_t kind;    ///< enum dearth_misuse_kind
    uint32_t op;      ///< enum dearth_op, or DEARTH_OP_COUNT for free and for sweeps
    uint32_t domain;  ///< domain the call was made in
    uint32_t block_domain;
    uint64_t address;           ///< the pointer concerned
    uint64_t block_size_bytes;  ///< bytes asked for; 0: unknown
    uint64_t told_size_bytes;   ///< mismatched free: what the caller said
    int64_t distance_bytes;     ///< first changed byte: from the block's end (overflow) or start
    uint32_t changed_bytes;     ///< how many guard or dead bytes differ
    uint32_t phase;
    uint64_t serial;  ///< serial of the block; 0: unknown
    char place[64];   ///< file:line where the request named one
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
    uint64_t elapsed_ns;
    uint64_t requests;  ///< requests made in this trial's process so far
    struct dearth_stack fatal;
    struct dearth_misuse misuses[DEARTH_MISUSES_MAX];
    struct dearth_leak_site leaks[DEARTH_LEAK_SITES_MAX];
    char note[DEARTH_NAME_BYTES];
};

struct dearth_module {
    uint64_t base;  ///< load bias in the process that wrote it
    uint64_t end;
    uint32_t is_ready;  ///< atomic; written last
    uint32_t build_id_bytes;
    uint8_t build_id[32];
    char path[DEARTH_NAME_BYTES];
};

/// One request of a baseline run, in order.
struct dearth_stream_entry {
    uint64_t site;
    uint64_t size_bytes;
    uint8_t op;
    uint8_t domain;
    uint8_t phase;
    uint8_t is_selected;  ///< the window's filters see it: it has the next ordinal
    uint32_t thread;
};

/// One distinct call site of a baseline run.
struct dearth_site_entry {
    uint64_t first_serial;
    uint64_t count;
    struct dearth_stack stack;
};

/// Blocks that a call site leaves behind after close. Sorted by (site, domain).
struct dearth_leftover {
    uint64_t site;
    uint64_t blocks;
    uint64_t bytes;
    uint32_t domain;
    uint32_t reserved;
};

/// `count` is atomic where the target writes, and never above `capacity`.
struct dearth_region {
    uint64_t offset;
    uint64_t capacity;  ///< elements (bytes for text and bit maps)
    uint64_t count;
    uint64_t lost;  ///< elements that did not fit
};

enum dearth_mode {
    DEARTH_MODE_BASELINE = 1,  ///< no faults; record stream, sites and leftovers
    DEARTH_MODE_SINGLE = 2,    ///< one trial: `schedule` as it stands
    DEARTH_MODE_FORK = 3       ///< forward run that splits off a child at each chosen point
};

enum dearth_layer_bits {
    DEARTH_LAYER_FAULT = 1u,
    DEARTH_LAYER_LEDGER = 2u,
    DEARTH_LAYER_GUARD = 4u,
    DEARTH_LAYER_QUARANTINE = 8u,
    DEARTH_LAYER_STACKS = 16u,      ///< call stacks for ledger entries and every request
    DEARTH_LAYER_FREE_STACKS = 32u  ///< and for every free: who freed a block that is misused later
};

enum dearth_check_bits {
    DEARTH_CHECK_AGAIN = 1u,
    DEARTH_CHECK_FRESH = 2u,
    DEARTH_CHECK_LEAKS = 4u
};

struct dearth_sweep_kind {
    uint32_t kind;  ///< enum dearth_kind
    uint32_t burst;
    uint32_t action;  ///< enum dearth_action
    uint32_t reserved;
    struct dearth_region points;  ///< bit map: bit n-1 set = explore ordinal n
};

struct dearth_layer_options {
    uint32_t layers;              ///< enum dearth_layer_bits
    uint32_t guard_before_bytes;  ///< 16 to 4096, multiple of 16; 16 is CPython's layout
    uint32_t guard_after_bytes;   ///< 8 to 4096; 8 is CPython's layout
    uint32_t guard_every;         ///< check every live block each n requests; 0: never
    uint64_t quarantine_bytes;
    uint32_t clean_byte;        ///< fills a new block; 0xCD
    uint32_t dead_byte;         ///< fills a freed block; 0xDD
    uint32_t forbidden_byte;    ///< guard bytes; 0xFD
    uint32_t aborts_on_misuse;  ///< 0: go on, the finding stands in the slot
};

struct dearth_config {
    uint32_t mode;
    uint32_t jobs;           ///< children at once, from 1
    uint32_t slot_count;     ///< at most DEARTH_SLOTS_MAX
    uint32_t checks;         ///< enum dearth_check_bits
    uint64_t deadline_ms;    ///< of one trial
    uint64_t failure_limit;  ///< injected failures after which a trial is a livelock; 0: none
    uint64_t memory_bytes;   ///< address space beyond what the layers take; 0: no limit
    uint64_t stack_bytes;    ///< size of the target's stack
    struct dearth_layer_options options;
    struct dearth_schedule schedule;  ///< FORK, BASELINE: terms[0].when/unless are the window
    uint32_t kind_count;
    uint32_t explores_all_points;  ///< 1: every ordinal, whatever the bit maps say
    struct dearth_sweep_kind kinds[DEARTH_SWEEP_KINDS_MAX];
    int32_t event_fd;  ///< the target writes one byte, the slot's index, when a slot is done
    int32_t out_fds[DEARTH_SLOTS_MAX];  ///< standard output of a slot; [0] is the process's own
    int32_t err_fds[DEARTH_SLOTS_MAX];
    int32_t reserved;
    uint32_t domain_mask;                 ///< engine: domains to wrap; 0: all
    uint32_t engine_flags;                ///< engine-specific
    char script_name[DEARTH_NAME_BYTES];  ///< as error messages should show it
};

enum dearth_run_state {
    DEARTH_RUN_NEW = 0,
    DEARTH_RUN_ATTACHED = 1,  ///< the target has mapped the page and accepts it
    DEARTH_RUN_FINISHED = 2,
    DEARTH_RUN_REFUSED = 3  ///< the target cannot go on; `refusal` says why
};

struct dearth_control_header {
    uint64_t magic;
    uint32_t version;
    uint32_t header_bytes;  ///< sizeof(struct dearth_control_header)
    uint64_t total_bytes;
    uint32_t run_state;  ///< enum dearth_run_state; atomic
    uint32_t threads_seen;
    uint64_t progress;  ///< atomic; grows while the forward run lives: the watchdog looks at it
    uint64_t requests;  ///< of the forward run
    uint64_t selected;  ///< of those, seen by the window
    uint64_t stream_signature;  ///< running hash over (site, op, domain, size) of every request
    uint32_t pinned_layout;     ///< 1: address layout randomization is off
    uint32_t stack_source;      ///< 0: none, 1: libunwind, 2: libc
    char engine_version[64];
    char refusal[DEARTH_NAME_BYTES];
    struct dearth_region slots;      ///< dearth_trial_slot
    struct dearth_region modules;    ///< dearth_module
    struct dearth_region stream;     ///< dearth_stream_entry; BASELINE only
    struct dearth_region sites;      ///< dearth_site_entry; BASELINE only
    struct dearth_region leftovers;  ///< dearth_leftover; BASELINE writes, other modes read
    struct dearth_region script;     ///< bytes
    struct dearth_region warmup;     ///< bytes
    struct dearth_config config;
};

#ifdef __cplusplus
}
#define DEARTH_STATIC_ASSERT static_assert
#else
#define DEARTH_STATIC_ASSERT _Static_assert
#endif

DEARTH_STATIC_ASSERT(sizeof(struct dearth_filter) == 176, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_term) == 696, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_schedule) == 22280, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_request) == 48, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_stack) == 208, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_script_frame) == 152, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_misuse) == 752, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_step_result) == 296, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_leak_site) == 232, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_trial_slot) == 7800, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_module) == 312, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_stream_entry) == 24, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_site_entry) == 224, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_leftover) == 32, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_config) == 23544, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_control_header) == 24160, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_control_header, version) == 8, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_control_header, slots) == 392, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_control_header, config) == 616, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, request) == 32, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, steps) == 928, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, misuses) == 2680, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, leaks) == 5688, "control page layout");

#endif
