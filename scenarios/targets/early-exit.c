/// Canary: a library that ends the process, with status 0, when memory runs out.
/// Must be found: wrong-outcome. The twin returns an error.
#include "canary_target.h"

#include <stdlib.h>

static void work(struct dearth_outcome* outcome) {
    unsigned long value = 1;
    for (size_t step = 1; step <= 4; step++) {
        unsigned long* cell = dearth_object_malloc(step * sizeof *cell);
        if (cell == NULL && !CLEAN) {
            exit(0);  // The defect.
        }
        if (cell == NULL) {
            canary_no_memory(outcome);
            return;
        }
        cell[step - 1] = value * step;
        value = cell[step - 1];
        dearth_object_free(cell);
    }
    char answer[32];
    snprintf(answer, sizeof answer, "4! = %lu", value);
    canary_answer(outcome, answer);
}

CANARY_MAIN("early-exit", work)
