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
#include "dearth/trial_slot.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEARTH_CONTROL_MAGIC UINT64_C(0x6567617068747264) /* "drthpage" */
#define DEARTH_CONTROL_VERSION 2u
#define DEARTH_CONTROL_FD_VARIABLE "DEARTH_CONTROL_FD"

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
    uint64_t lost_blocks;  ///< of those, not reachable any more
    uint64_t lost_bytes;
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
    DEARTH_LAYER_PAGE_GUARD = 64u,  ///< blocks against unreadable pages, freed ones unreadable
    DEARTH_LAYER_FREE_STACKS = 32u  ///< and for every free: who freed a block that is misused later
};

enum dearth_check_bits {
    DEARTH_CHECK_AGAIN = 1u,
    DEARTH_CHECK_FRESH = 2u,
    DEARTH_CHECK_LEAKS = 4u,
    /// With LEAKS: are the blocks that are left lost (no pointer to them is found), or reachable?
    /// For whole programs. An engine's handle is gone after close, so all it leaves is lost.
    DEARTH_CHECK_REACHABLE = 8u
};

struct dearth_sweep_kind {
    uint32_t kind;  ///< enum dearth_kind
    uint32_t burst;
    uint32_t action;  ///< enum dearth_action
    uint32_t reserved;
    struct dearth_region points;  ///< bit map: bit n-1 set = explore ordinal n
};

/// Side of a block that lies against an unreadable page. The other side has guard bytes up to the
/// end of its page.
enum dearth_page_side { DEARTH_SIDE_REAR = 0, DEARTH_SIDE_FRONT = 1 };

/// How pages are made unreadable.
enum dearth_page_way {
    DEARTH_PAGES_AUTO = 0,        ///< ADVICE, where the kernel has it
    DEARTH_PAGES_ADVICE = 1,      ///< MADV_GUARD_INSTALL (Linux 6.13): any number of blocks
    DEARTH_PAGES_PROTECTION = 2,  ///< mprotect: a bounded number of blocks, thinned out towards it
    DEARTH_PAGES_NONE = 3         ///< neither: no pages could be had, no block is guarded
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
    /// Page guard: how its pages are made unreadable, and which blocks it takes.
    uint32_t page_guard_way;   ///< enum dearth_page_way; AUTO unless somebody compares them
    uint32_t page_guard_side;  ///< enum dearth_page_side
    /// Least alignment of a block whose request names none: 1, 2, 4, 8 or 16; 0: 16, as the ABI
    /// has it. Below 16 the rear side is stricter: a block of n bytes ends at the unreadable page
    /// if that leaves it aligned so. 1 sees every over-read, and breaks programs that rely on more.
    uint32_t page_guard_alignment;
    uint32_t page_guard_every;        ///< one request in so many; 0 and 1: every request
    uint64_t page_guard_seed;         ///< which ones those are
    uint64_t page_guard_held_bytes;   ///< freed blocks held unreadable, bytes asked for; 0: 64 MiB
    uint64_t page_guard_held_blocks;  ///< and how many of them; 0: 65536
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
    uint32_t page_way;          ///< enum dearth_page_way of the page guard; AUTO: there is none
    uint32_t reserved;
    char engine_version[64];
    char refusal[DEARTH_NAME_BYTES];
    /// BASELINE: what a trial that is split off inside the target would get wrong, and a fresh
    /// process does not. Processes of the target's own: a trial is not their parent.
    uint32_t children_seen;
    /// Pipes, sockets and the like that were open at a request the window sees: a trial would take
    /// what the others are to read.
    uint32_t shared_descriptors;
    /// Whole programs: file of the module whose malloc is found before ours, so that requests do
    /// not reach us; empty: none is.
    char shadowed_by[DEARTH_NAME_BYTES];
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
DEARTH_STATIC_ASSERT(sizeof(struct dearth_misuse) == 816, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_step_result) == 296, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_leak_site) == 248, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_trial_slot) == 18008, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_module) == 312, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_stream_entry) == 24, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_site_entry) == 224, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_leftover) == 48, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_config) == 23584, "control page layout");
DEARTH_STATIC_ASSERT(sizeof(struct dearth_control_header) == 24472, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_control_header, version) == 8, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_control_header, slots) == 664, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_control_header, config) == 888, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, request) == 32, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, steps) == 928, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, misuses) == 2712, "control page layout");
DEARTH_STATIC_ASSERT(offsetof(struct dearth_trial_slot, leaks) == 15768, "control page layout");

#endif
