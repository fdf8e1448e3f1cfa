/// Canary: an error is returned, but none is set: the caller learns that, not why.
/// Must be found: wrong-outcome. The twin sets the error.
#include "canary_target.h"

/// Returns 0, or -1 with `outcome` telling the reason.
static int reverse(char* text, struct dearth_outcome* outcome) {
    const size_t length = strlen(text);
    char* copy = dearth_mem_malloc(length + 1);
    if (copy == NULL) {
        if (CLEAN) {
            canary_no_memory(outcome);  // The defect is its absence.
        }
        return -1;
    }
    memcpy(copy, text, length + 1);
    for (size_t index = 0; index < length; index++) {
        text[index] = copy[length - 1 - index];
    }
    dearth_mem_free(copy);
    return 0;
}

static void work(struct dearth_outcome* outcome) {
    char text[] = "desserts are stressed";
    if (reverse(text, outcome) == 0) {
        canary_answer(outcome, text);
    } else if (outcome->status != DEARTH_STATUS_ERROR) {
        outcome->status = DEARTH_STATUS_ERROR_UNSET;
    }
}

CANARY_MAIN("error-unset", work)
