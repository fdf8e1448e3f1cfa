/// What every canary target shares: the engine table around one piece of work, with all three
/// domains wrapped. A canary source defines one `static void work(struct dearth_outcome*)`, plants
/// exactly one defect in its failure path, and ends with CANARY_MAIN. Compiled with CLEAN=1 the
/// same source is its own twin, with the defect mended. Without faults both do the same.
#ifndef CANARY_TARGET_H
#define CANARY_TARGET_H

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dearth/allocator.h"
#include "dearth/engine.h"
#include "dearth/install.h"

#ifndef CLEAN
#define CLEAN 0
#endif

/// `self` of the engine table.
struct canary {
    const char* name;
    void (*work)(struct dearth_outcome* outcome);
    void (*forget)(void);  ///< optional: frees what `work` keeps from run to run
    void* settings;        ///< the little that `open` allocates
};

/// The error that a failed request must lead to.
static inline void canary_no_memory(struct dearth_outcome* outcome) {
    outcome->status = DEARTH_STATUS_ERROR;
    snprintf(outcome->kind, sizeof outcome->kind, "nomem");
    snprintf(outcome->message, sizeof outcome->message, "not enough memory");
}

/// Success, with the one line of output that trials are compared by.
static inline void canary_answer(struct dearth_outcome* outcome, const char* text) {
    printf("%s\n", text);
    fflush(stdout);
    outcome->status = DEARTH_STATUS_OK;
}

static inline int canary_install(void* self, struct dearth_outcome* outcome) {
    (void)self;
    for (int index = 0; index < DEARTH_DOMAIN_COUNT; index++) {
        const enum dearth_domain domain = (enum dearth_domain)index;
        struct dearth_allocator beneath;
        struct dearth_allocator wrapped;
        dearth_get_allocator(domain, &beneath);
        if (dearth_wrap(domain, &beneath, &wrapped) != 0) {
            snprintf(outcome->message, sizeof outcome->message, "cannot wrap domain %s: %s",
                     dearth_domain_name((unsigned)index), strerror(errno));
            return -1;
        }
        dearth_set_allocator(domain, &wrapped);
    }
    return 0;
}

static inline void canary_open(void* self, struct dearth_outcome* outcome) {
    struct canary* canary = self;
    canary->settings = dearth_raw_calloc(3, 16);
    if (canary->settings == NULL) {
        canary_no_memory(outcome);
        return;
    }
    outcome->status = DEARTH_STATUS_OK;
}

static inline void canary_run(void* self, const char* source, size_t source_bytes, const char* name,
                              struct dearth_outcome* outcome) {
    struct canary* canary = self;
    (void)source;  // A canary's work is compiled in: there is no script.
    (void)source_bytes;
    (void)name;
    canary->work(outcome);
}

static inline void canary_close(void* self, struct dearth_outcome* outcome) {
    struct canary* canary = self;
    if (canary->forget != NULL) {
        canary->forget();
    }
    dearth_raw_free(canary->settings);
    canary->settings = NULL;
    outcome->status = DEARTH_STATUS_OK;
}

static inline int canary_main(int argc, char** argv, const char* name,
                              void (*work)(struct dearth_outcome*), void (*forget)(void)) {
    struct canary canary = {.name = name, .work = work, .forget = forget, .settings = NULL};
    const struct dearth_engine engine = {.name = name,
                                         .version = "1",
                                         .install = canary_install,
                                         .open = canary_open,
                                         .run = canary_run,
                                         .close = canary_close,
                                         .script_stack = NULL,
                                         .self = &canary};
    return dearth_engine_main(argc, argv, &engine);
}

#define CANARY_MAIN_KEEPING(name, work, forget)                                               \
    int main(int argc, char** argv) {                                                         \
        return canary_main(argc, argv, CLEAN ? "clean-" name : "canary-" name, work, forget); \
    }
#define CANARY_MAIN(name, work) CANARY_MAIN_KEEPING(name, work, NULL)

#endif
