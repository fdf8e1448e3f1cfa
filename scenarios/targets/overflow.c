/// Canary: a text buffer that cannot grow terminates what it has one byte behind the old block.
/// Must be found: overflow. The twin gives up its last byte instead.
#include "canary_target.h"

struct text {
    char* bytes;
    size_t length;
    size_t capacity;
};

static int append_byte(struct text* text, char byte) {
    if (text->length == text->capacity) {
        const size_t capacity = text->capacity == 0 ? 16 : text->capacity * 2;
        char* bytes = dearth_mem_realloc(text->bytes, capacity);
        if (bytes == NULL) {
            if (text->bytes != NULL) {
                text->bytes[CLEAN ? text->length - 1 : text->length] = '\0';  // The defect.
            }
            return -1;
        }
        text->bytes = bytes;
        text->capacity = capacity;
    }
    text->bytes[text->length++] = byte;
    return 0;
}

static void work(struct dearth_outcome* outcome) {
    struct text text = {NULL, 0, 0};
    int failed = 0;
    for (int letter = 0; letter < 100 && failed == 0; letter++) {
        failed = append_byte(&text, (char)('a' + letter % 26));
    }
    if (failed == 0) {
        failed = append_byte(&text, '\0');
    }
    if (failed == 0) {
        canary_answer(outcome, text.bytes);
    } else {
        canary_no_memory(outcome);
    }
    dearth_mem_free(text.bytes);
}

CANARY_MAIN("overflow", work)
