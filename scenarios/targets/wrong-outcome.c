/// Canary: a lookup that runs out of memory says that the key does not exist.
/// Must be found: wrong-outcome (an error of another kind). The twin says what happened.
#include "canary_target.h"

enum lookup { LOOKUP_FOUND, LOOKUP_MISSING, LOOKUP_NO_MEMORY };

static enum lookup look_up(const char* key, char* value, size_t value_bytes) {
    const size_t size_bytes = strlen(key) + 1;
    char* folded = dearth_mem_malloc(size_bytes);
    if (folded == NULL) {
        return CLEAN ? LOOKUP_NO_MEMORY : LOOKUP_MISSING;  // The defect.
    }
    for (size_t index = 0; index < size_bytes; index++) {
        folded[index] = (char)(key[index] | (key[index] == '\0' ? 0 : 0x20));
    }
    const int is_found = strcmp(folded, "answer") == 0;
    snprintf(value, value_bytes, "%s=42", folded);
    dearth_mem_free(folded);
    return is_found ? LOOKUP_FOUND : LOOKUP_MISSING;
}

static void work(struct dearth_outcome* outcome) {
    char value[32] = "";
    switch (look_up("ANSWER", value, sizeof value)) {
        case LOOKUP_FOUND:
            canary_answer(outcome, value);
            break;
        case LOOKUP_NO_MEMORY:
            canary_no_memory(outcome);
            break;
        case LOOKUP_MISSING:
            outcome->status = DEARTH_STATUS_ERROR;
            snprintf(outcome->kind, sizeof outcome->kind, "missing-key");
            snprintf(outcome->message, sizeof outcome->message, "no such key");
            break;
    }
}

CANARY_MAIN("wrong-outcome", work)
