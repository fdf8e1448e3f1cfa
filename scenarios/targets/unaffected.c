/// Canary of the words, not of a defect: a failed request is absorbed by a fixed buffer, the
/// result is the same. Must be found: unaffected, and unreported where the scenario demands
/// failure-reported. The twin reports the failure: handled.
#include "canary_target.h"

static void work(struct dearth_outcome* outcome) {
    char answer[96] = "";
    size_t length = 0;
    for (int number = 3; number <= 5; number++) {
        char fixed[32];
        char* line = dearth_mem_malloc(sizeof fixed);
        if (line == NULL && CLEAN) {
            canary_no_memory(outcome);
            return;
        }
        char* text = line == NULL ? fixed : line;
        snprintf(text, sizeof fixed, "%d^2=%d", number, number * number);
        length += (size_t)snprintf(answer + length, sizeof answer - length, "%s ", text);
        dearth_mem_free(line);
    }
    canary_answer(outcome, answer);
}

CANARY_MAIN("unaffected", work)
