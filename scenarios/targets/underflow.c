/// Canary: the error path of a join takes back its last separator, also when nothing has been
/// written yet. Must be found: underflow. The twin looks at the length first.
#include "canary_target.h"

static const char* const kWords[] = {"front", "guard", "bytes", "are", "read", "first"};
enum { WORD_COUNT = sizeof kWords / sizeof kWords[0], LINE_BYTES = 48 };

static char* copy_word(const char* word) {
    const size_t size_bytes = strlen(word) + 1;
    char* copy = dearth_object_malloc(size_bytes);
    if (copy != NULL) {
        memcpy(copy, word, size_bytes);
    }
    return copy;
}

static void work(struct dearth_outcome* outcome) {
    char* line = dearth_mem_malloc(LINE_BYTES);
    if (line == NULL) {
        canary_no_memory(outcome);
        return;
    }
    size_t length = 0;
    for (size_t index = 0; index < WORD_COUNT; index++) {
        char* word = copy_word(kWords[index]);
        if (word == NULL) {
            if (!CLEAN || length > 0) {
                line[(ptrdiff_t)length - 1] = '\0';  // The defect, while length is 0.
            }
            canary_no_memory(outcome);
            dearth_mem_free(line);
            return;
        }
        const size_t word_bytes = strlen(word);
        memcpy(line + length, word, word_bytes);
        line[length + word_bytes] = ' ';
        length += word_bytes + 1;
        dearth_object_free(word);
    }
    line[length - 1] = '\0';
    canary_answer(outcome, line);
    dearth_mem_free(line);
}

CANARY_MAIN("underflow", work)
