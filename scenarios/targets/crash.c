/// Canary: the result of a request is used without a look at it.
/// Must be found: crash (a write through NULL). The twin looks.
#include "canary_target.h"

static void work(struct dearth_outcome* outcome) {
    char answer[64] = "";
    size_t length = 0;
    for (int number = 1; number <= 5; number++) {
        char* digits = dearth_mem_malloc(16);
        if (CLEAN && digits == NULL) {
            canary_no_memory(outcome);
            return;
        }
        digits[0] = (char)('0' + number);  // The defect.
        digits[1] = '\0';
        length += (size_t)snprintf(answer + length, sizeof answer - length, "%s!", digits);
        dearth_mem_free(digits);
    }
    canary_answer(outcome, answer);
}

CANARY_MAIN("crash", work)
