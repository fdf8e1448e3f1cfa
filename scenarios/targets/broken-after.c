/// Canary: a table made on first use is marked as ready before it is. When its memory cannot be
/// had, later runs believe in an empty table and give another answer. Must be found: broken-after
/// (in the same state; close forgets the table, so a fresh start is healthy). The twin marks last.
#include "canary_target.h"

static int is_table_ready;
static int* table;
enum { TABLE_COUNT = 10 };

static int prepare_table(void) {
    if (is_table_ready) {
        return 0;
    }
    if (!CLEAN) {
        is_table_ready = 1;  // The defect.
    }
    table = dearth_mem_malloc(TABLE_COUNT * sizeof *table);
    if (table == NULL) {
        return -1;
    }
    for (int index = 0; index < TABLE_COUNT; index++) {
        table[index] = index * index * index;
    }
    is_table_ready = 1;
    return 0;
}

static void work(struct dearth_outcome* outcome) {
    if (prepare_table() != 0) {
        canary_no_memory(outcome);
        return;
    }
    int sum = 0;
    for (int index = 0; index < TABLE_COUNT && table != NULL; index++) {
        sum += table[index];
    }
    char answer[32];
    snprintf(answer, sizeof answer, "sum of cubes %d", sum);
    canary_answer(outcome, answer);
}

static void forget(void) {
    dearth_mem_free(table);
    table = NULL;
    is_table_ready = 0;
}

CANARY_MAIN_KEEPING("broken-after", work, forget)
