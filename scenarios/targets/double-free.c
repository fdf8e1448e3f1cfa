/// Canary: a helper frees its caller's buffer when it fails, and so does the caller.
/// Must be found: double-free. In the twin only the owner frees.
#include "canary_target.h"

/// Appends the decimal digits of `number`; the caller owns `digits` on success.
static char* add_number(char* digits, size_t* length, int number) {
    char* grown = dearth_mem_realloc(digits, *length + 12);
    if (grown == NULL) {
        if (!CLEAN) {
            dearth_mem_free(digits);  // The defect: the caller will do it.
        }
        return NULL;
    }
    *length += (size_t)snprintf(grown + *length, 12, "%d,", number);
    return grown;
}

static void work(struct dearth_outcome* outcome) {
    char* digits = NULL;
    size_t length = 0;
    int first = 1;
    int second = 1;
    for (int step = 0; step < 8; step++) {
        char* grown = add_number(digits, &length, first);
        if (grown == NULL) {
            dearth_mem_free(digits);
            canary_no_memory(outcome);
            return;
        }
        digits = grown;
        const int sum = first + second;
        first = second;
        second = sum;
    }
    canary_answer(outcome, digits);
    dearth_mem_free(digits);
}

CANARY_MAIN("double-free", work)
