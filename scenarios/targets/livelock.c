/// Canary: a request is repeated until it succeeds. One failure is survived; when memory stays
/// short the loop never ends, and keeps asking. Must be found: hang. The twin tries three times.
#include "canary_target.h"

static void* stubborn_malloc(size_t size_bytes) {
    void* block = NULL;
    for (int tries = 0; block == NULL && tries < 3; tries += CLEAN) {  // The defect: never counts.
        block = dearth_mem_malloc(size_bytes);
    }
    return block;
}

static void work(struct dearth_outcome* outcome) {
    char* halves[2] = {stubborn_malloc(8), NULL};
    halves[1] = halves[0] == NULL ? NULL : stubborn_malloc(8);
    if (halves[1] == NULL) {
        dearth_mem_free(halves[0]);
        canary_no_memory(outcome);
        return;
    }
    memcpy(halves[0], "never", sizeof "never");
    memcpy(halves[1], "again", sizeof "again");
    char answer[32];
    snprintf(answer, sizeof answer, "%s say %s", halves[0], halves[1]);
    canary_answer(outcome, answer);
    dearth_mem_free(halves[0]);
    dearth_mem_free(halves[1]);
}

CANARY_MAIN("livelock", work)
