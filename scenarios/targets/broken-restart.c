/// Canary: a process-wide count of users that a failed one is never taken out of. The same state
/// goes on working; the next one in the process is told a wrong number. Must be found:
/// broken-after (in a fresh state). In the twin close counts everybody out.
#include "canary_target.h"

static int user_count;    ///< of the process
static int user_number;   ///< of the open state; 0: not counted in yet
static int has_given_up;  ///< the open state failed once

static void work(struct dearth_outcome* outcome) {
    if (user_number == 0) {
        user_number = ++user_count;
    }
    char* badge = dearth_mem_malloc(24);
    if (badge == NULL) {
        has_given_up = !CLEAN;  // The defect: close will not count it out.
        canary_no_memory(outcome);
        return;
    }
    snprintf(badge, 24, "user number %d", user_number);
    canary_answer(outcome, badge);
    dearth_mem_free(badge);
}

static void forget(void) {
    if (user_number != 0 && !has_given_up) {
        user_count--;
    }
    user_number = 0;
    has_given_up = 0;
}

CANARY_MAIN_KEEPING("broken-restart", work, forget)
