/// Which requests fail, and how: a plain description, without behaviour, plus its text form.
/// C11 and C++20.
///
/// A schedule is a list of terms. A term = selector + filters + kind + action. The filters say
/// which requests the term sees; the requests it sees are numbered from 1 (their *ordinal* in that
/// term) and the selector says at which of them it fires; the kind says for how long it stays
/// fired; the action says what happens to a fired request. The first term that fires decides.
///
/// Every decision depends only on the schedule, its seed and the ordinal, so a subset, a shard or
/// a replay sees the same faults.
#ifndef DEARTH_SCHEDULE_H
#define DEARTH_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DEARTH_TERMS_MAX = 32, DEARTH_LIST_MAX = 32, DEARTH_PATTERN_BYTES = 64 };

enum dearth_op {
    DEARTH_OP_MALLOC = 0,
    DEARTH_OP_CALLOC = 1,
    DEARTH_OP_REALLOC = 2,  ///< grows, or makes a block from NULL
    DEARTH_OP_SHRINK = 3,   ///< realloc to a smaller size; only seen when named in `op`
    DEARTH_OP_ALIGNED = 4,
    DEARTH_OP_ARENA = 5,  ///< arena of a small-object allocator; only seen when named in `op`
    DEARTH_OP_COUNT = 6
};

/// What the target was doing, as the engine marks it.
enum dearth_phase {
    DEARTH_PHASE_OPEN = 0,    ///< making the interpreter
    DEARTH_PHASE_RUN = 1,     ///< the script
    DEARTH_PHASE_CLOSE = 2,   ///< tearing it down
    DEARTH_PHASE_CHECK = 3,   ///< the look afterwards: is it still usable? never injected
    DEARTH_PHASE_WARMUP = 4,  ///< before the script, not counted, not injected
    DEARTH_PHASE_COUNT = 5
};

enum dearth_selector {
    DEARTH_SELECT_ALL = 0,          ///< `all`: every request the term sees
    DEARTH_SELECT_RANGE = 1,        ///< `nth=17`, `nth=17..40`, `nth=17..`
    DEARTH_SELECT_LIST = 2,         ///< `nth=3,17,40`: ascending, at most DEARTH_LIST_MAX
    DEARTH_SELECT_EVERY = 3,        ///< `every=7`, with `after` and `times`
    DEARTH_SELECT_PROBABILITY = 4,  ///< `probability=0.5%;seed=42`
    DEARTH_SELECT_BUDGET = 5        ///< `budget=1MiB`: more than that many bytes would be live
};

enum dearth_kind {
    DEARTH_KIND_ONCE = 0,        ///< that request only
    DEARTH_KIND_BURST = 1,       ///< `burst=k`: it and the k-1 next that the term sees
    DEARTH_KIND_PERSISTENT = 2,  ///< it and all that the term sees afterwards
    DEARTH_KIND_STICKY = 3  ///< it and all of at least its size or of its call stack, until control
                            ///< is back with the embedder
};

enum dearth_action {
    DEARTH_ACTION_FAIL = 0,           ///< NULL with ENOMEM
    DEARTH_ACTION_CORRUPT_FRONT = 1,  ///< overwrite guard bytes before the block, as a bug would
    DEARTH_ACTION_CORRUPT_REAR = 2,   ///< overwrite guard bytes behind the block
    DEARTH_ACTION_MOVE = 3,           ///< a realloc gets a new address
    DEARTH_ACTION_FILL = 4            ///< the new block is filled with `fill_byte`
};

/// Filters: a request must pass every field that is set. Masks have bit (1u << enum value).
struct dearth_filter {
    uint32_t op_mask;      ///< 0: any but shrink and arena
    uint32_t domain_mask;  ///< 0: any
    uint32_t phase_mask;   ///< 0: any but check and warm-up
    uint32_t thread;       ///< 0: any; else the n-th thread that made a request, from 1
    uint64_t size_min_bytes;
    uint64_t size_max_bytes;   ///< 0: no upper bound
    uint64_t align_min_bytes;  ///< 0: any
    uint64_t site;             ///< call-site signature; 0: any
    char
        stack[DEARTH_PATTERN_BYTES];  ///< glob on a function name anywhere in the stack; empty: any
    char module[DEARTH_PATTERN_BYTES];  ///< glob on the calling module's file name; empty: any
};

struct dearth_term {
    uint32_t selector;         ///< enum dearth_selector
    uint32_t kind;             ///< enum dearth_kind
    uint32_t action;           ///< enum dearth_action
    uint32_t burst;            ///< requests of a burst, at least 1
    uint64_t first;            ///< range: first ordinal, from 1; every: the interval
    uint64_t last;             ///< range: last ordinal; UINT64_MAX: open
    uint64_t after;            ///< every, probability: requests skipped first
    uint64_t times;            ///< at most this many firings; 0: no bound
    uint64_t probability_ppb;  ///< of 1,000,000,000
    uint64_t seed;
    uint64_t budget_bytes;
    uint32_t list_count;
    uint32_t corrupt_bytes;   ///< how many guard bytes to overwrite, 1 to 16
    uint32_t corrupt_offset;  ///< distance from the block's edge, 0 to 15
    uint32_t fill_byte;       ///< 0 to 255
    uint64_t list[DEARTH_LIST_MAX];
    struct dearth_filter when;    ///< must match
    struct dearth_filter unless;  ///< must not match; all zero: excludes nothing
};

struct dearth_schedule {
    uint32_t term_count;
    uint32_t reserved;
    struct dearth_term terms[DEARTH_TERMS_MAX];
};

/// One request, as filters see it.
struct dearth_request {
    uint32_t op;      ///< enum dearth_op
    uint32_t domain;  ///< enum dearth_domain
    uint32_t phase;   ///< enum dearth_phase
    uint32_t thread;  ///< from 1
    uint64_t size_bytes;
    uint64_t align_bytes;  ///< 16 where the caller named none
    uint64_t live_bytes;   ///< in all domains before this request
    uint64_t site;         ///< call-site signature; 0: stacks are off
};

/// Reads the text form, for instance `nth=17;once;op=malloc,realloc;domain=obj`. Terms are
/// separated by `|`, fields by `;`. Returns 0, or -1 with a message in `error` (one line, names
/// the offending word and what is allowed; always terminated) and `*error_offset` set to the
/// byte in `text` where it stands. `schedule` is written only on success.
int dearth_schedule_parse(const char* text, struct dearth_schedule* schedule, char* error,
                          size_t error_bytes, size_t* error_offset);

/// Writes the canonical text form, which parses back to an equal schedule. Returns its length
/// without the terminator; a result >= `text_bytes` means that the text was cut.
size_t dearth_schedule_format(const struct dearth_schedule* schedule, char* text,
                              size_t text_bytes);

/// A term with the documented defaults: all, once, fail, burst 1, corrupt 1 byte at offset 0.
void dearth_term_default(struct dearth_term* term);

/// Words of the text form; NULL for a value out of range.
const char* dearth_op_name(uint32_t op);
const char* dearth_domain_name(uint32_t domain);
const char* dearth_phase_name(uint32_t phase);
const char* dearth_kind_name(uint32_t kind);
const char* dearth_action_name(uint32_t action);

#ifdef __cplusplus
}
#endif

#endif
