/// Canary: the error path gives a block of the mem domain back to the raw domain.
/// Must be found: wrong-domain. The twin uses the family that made the block.
#include "canary_target.h"

enum { ROWS = 4, COLUMNS = 6 };

static void give_back_on_error(int* row) {
    if (CLEAN) {
        dearth_mem_free(row);
    } else {
        dearth_raw_free(row);  // The defect.
    }
}

static void work(struct dearth_outcome* outcome) {
    int* rows[ROWS] = {NULL};
    for (int row = 0; row < ROWS; row++) {
        rows[row] = dearth_mem_calloc(COLUMNS, sizeof *rows[row]);
        if (rows[row] == NULL) {
            while (row > 0) {
                give_back_on_error(rows[--row]);
            }
            canary_no_memory(outcome);
            return;
        }
        for (int column = 0; column < COLUMNS; column++) {
            rows[row][column] = (row + 1) * (column + 1);
        }
    }
    int trace = 0;
    for (int row = 0; row < ROWS; row++) {
        trace += rows[row][row];
        dearth_mem_free(rows[row]);
    }
    char answer[32];
    snprintf(answer, sizeof answer, "trace %d", trace);
    canary_answer(outcome, answer);
}

CANARY_MAIN("wrong-domain", work)
