/// Canary: an allocation wrapper that gives the process up when it gets nothing.
/// Must be found: abort. The twin hands the failure on.
#include "canary_target.h"

#include <stdlib.h>

static void* checked_malloc(size_t size_bytes) {
    void* block = dearth_mem_malloc(size_bytes);
    if (!CLEAN && block == NULL) {
        fputs("out of memory\n", stderr);
        abort();  // The defect.
    }
    return block;
}

static void work(struct dearth_outcome* outcome) {
    unsigned sum = 0;
    for (unsigned size = 1; size <= 6; size++) {
        unsigned char* bytes = checked_malloc(size * 10);
        if (bytes == NULL) {
            canary_no_memory(outcome);
            return;
        }
        memset(bytes, (int)size, size * 10);
        sum = sum * 31 + bytes[size * 10 - 1];
        dearth_mem_free(bytes);
    }
    char answer[32];
    snprintf(answer, sizeof answer, "checksum %u", sum);
    canary_answer(outcome, answer);
}

CANARY_MAIN("abort", work)
