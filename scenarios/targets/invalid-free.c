/// Canary: the error path of a tokenizer frees the token at hand, which points into the line.
/// Must be found: invalid-free. The twin frees the line only.
#include "canary_target.h"

static const char kLine[] = "width=80 depth=24 colour=none";

/// Copies the token into a block of its own.
static char* keep_token(const char* token, size_t token_bytes) {
    char* kept = dearth_mem_malloc(token_bytes + 1);
    if (kept != NULL) {
        memcpy(kept, token, token_bytes);
        kept[token_bytes] = '\0';
    }
    return kept;
}

static void work(struct dearth_outcome* outcome) {
    char* line = dearth_mem_malloc(sizeof kLine);
    if (line == NULL) {
        canary_no_memory(outcome);
        return;
    }
    memcpy(line, kLine, sizeof kLine);
    char answer[64] = "";
    size_t length = 0;
    for (char* token = line; *token != '\0';) {
        const size_t token_bytes = strcspn(token, "= ");
        char* kept = keep_token(token, token_bytes);
        if (kept == NULL) {
            if (!CLEAN && token != line) {
                dearth_mem_free(token);  // The defect.
            }
            dearth_mem_free(line);
            canary_no_memory(outcome);
            return;
        }
        length += (size_t)snprintf(answer + length, sizeof answer - length, "[%s]", kept);
        dearth_mem_free(kept);
        token += token_bytes + (token[token_bytes] != '\0');
    }
    canary_answer(outcome, answer);
    dearth_mem_free(line);
}

CANARY_MAIN("invalid-free", work)
