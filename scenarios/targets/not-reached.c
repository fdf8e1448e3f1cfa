/// Canary: a target that makes no request while it runs, so that nothing can be made to fail.
/// Must be found: not-reached, which is never clean. The twin makes requests.
#include "canary_target.h"

static void work(struct dearth_outcome* outcome) {
    char fixed[40];
    char* line = CLEAN ? dearth_mem_malloc(sizeof fixed) : fixed;
    if (line == NULL) {
        canary_no_memory(outcome);
        return;
    }
    size_t length = 0;
    for (int number = 1; number <= 10; number++) {
        length += (size_t)snprintf(line + length, sizeof fixed - length, "%d ", number * 7 % 10);
    }
    canary_answer(outcome, line);
    if (CLEAN) {
        dearth_mem_free(line);
    }
}

CANARY_MAIN("not-reached", work)
