/// Canary: a pair is two blocks; when the second cannot be had, the first is forgotten.
/// Must be found: leak. The twin frees it.
#include "canary_target.h"

struct pair {
    char* key;
    char* value;
};

static int make_pair(struct pair* pair, int number) {
    pair->key = dearth_object_malloc(12);
    if (pair->key == NULL) {
        return -1;
    }
    pair->value = dearth_mem_malloc(24);
    if (pair->value == NULL) {
        if (CLEAN) {
            dearth_object_free(pair->key);  // The defect is its absence.
        }
        return -1;
    }
    snprintf(pair->key, 12, "k%d", number);
    snprintf(pair->value, 24, "%d", 1 << number);
    return 0;
}

static void work(struct dearth_outcome* outcome) {
    char answer[128] = "";
    size_t length = 0;
    for (int number = 0; number < 6; number++) {
        struct pair pair;
        if (make_pair(&pair, number) != 0) {
            canary_no_memory(outcome);
            return;
        }
        length += (size_t)snprintf(answer + length, sizeof answer - length, "%s=%s ", pair.key,
                                   pair.value);
        dearth_mem_free(pair.value);
        dearth_object_free(pair.key);
    }
    canary_answer(outcome, answer);
}

CANARY_MAIN("leak", work)
