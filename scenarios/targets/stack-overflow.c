/// Canary: to describe an error takes memory; when there is none, that is an error, which has to
/// be described. Ends only with the stack while memory stays short. Must be found: stack-overflow.
/// The twin has its last words ready.
#include "canary_target.h"

enum { DRAFT_BYTES = 4096 };

/// Writes the description of `code` into `line`. The draft makes every level cost a page, so that
/// the stack ends after few requests.
static size_t describe(int code, char* line, size_t line_bytes) {
    volatile char draft[DRAFT_BYTES];
    draft[0] = 'E';
    draft[DRAFT_BYTES - 1] = '\0';
    char* text = dearth_object_malloc(24);
    if (text == NULL) {
        if (CLEAN) {
            return (size_t)snprintf(line, line_bytes, "no memory to describe %d", code);
        }
        const size_t length = describe(code + 1, line, line_bytes);  // The defect.
        return length + (size_t)(draft[0] == draft[DRAFT_BYTES - 1]);
    }
    snprintf(text, 24, "%c%d", draft[0], code);
    const size_t length = (size_t)snprintf(line, line_bytes, "%s", text);
    dearth_object_free(text);
    return length;
}

static void work(struct dearth_outcome* outcome) {
    char line[64] = "";
    for (int size = 1; size <= 4; size++) {
        void* block = dearth_mem_malloc((size_t)size * 100);
        if (block == NULL) {
            describe(size, line, sizeof line);
            canary_no_memory(outcome);
            return;
        }
        dearth_mem_free(block);
    }
    canary_answer(outcome, "nothing to describe");
}

CANARY_MAIN("stack-overflow", work)
