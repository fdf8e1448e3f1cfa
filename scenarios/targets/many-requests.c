/* A target of the benchmarks: as many requests as its argument says, one block alive at a time, and
   an error at the first that fails. Has no defect. */
#include <stdlib.h>
#include <string.h>

#include "dearth/allocator.h"
#include "dearth/engine.h"

static unsigned long request_count = 1000;

static int install(void* self, struct dearth_outcome* outcome) {
    struct dearth_allocator beneath;
    struct dearth_allocator wrapped;
    (void)self;
    dearth_get_allocator(DEARTH_DOMAIN_MEM, &beneath);
    if (dearth_wrap(DEARTH_DOMAIN_MEM, &beneath, &wrapped) != 0) {
        strcpy(outcome->message, "cannot wrap the mem domain");
        return -1;
    }
    dearth_set_allocator(DEARTH_DOMAIN_MEM, &wrapped);
    return 0;
}

static void open_target(void* self, struct dearth_outcome* outcome) {
    (void)self;
    outcome->status = DEARTH_STATUS_OK;
}

static void run(void* self, const char* source, size_t source_bytes, const char* name,
                struct dearth_outcome* outcome) {
    (void)self;
    (void)source;
    (void)source_bytes;
    (void)name;
    for (unsigned long i = 0; i < request_count; ++i) {
        void* block = dearth_mem_malloc(32);
        if (block == NULL) {
            outcome->status = DEARTH_STATUS_ERROR;
            strcpy(outcome->kind, "nomem");
            strcpy(outcome->message, "no memory");
            return;
        }
        dearth_mem_free(block);
    }
    outcome->status = DEARTH_STATUS_OK;
}

static void close_target(void* self, struct dearth_outcome* outcome) {
    (void)self;
    outcome->status = DEARTH_STATUS_OK;
}

int main(int argc, char** argv) {
    const struct dearth_engine engine = {"c-api", "many-requests", install, open_target,
                                         run,     close_target,    NULL,    NULL};
    if (argc > 1)
        request_count = strtoul(argv[1], NULL, 10);
    return dearth_engine_main(argc, argv, &engine);
}
