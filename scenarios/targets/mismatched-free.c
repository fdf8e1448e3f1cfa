/// Canary: a vector behind a sized interface doubles its capacity before it knows whether it may,
/// and gives the old block back under the new size. Must be found: mismatched-free. The twin
/// stores the capacity after the request.
#include "canary_target.h"

struct vector {
    int* items;
    size_t count;
    size_t capacity;
};

/// The sized interface: whoever gives a block back or resizes it says how large it is.
static void* sized_realloc(void* block, size_t old_bytes, size_t new_bytes) {
    if (block != NULL) {
        dearth_expect_size(DEARTH_DOMAIN_MEM, block, old_bytes);
    }
    return dearth_mem_realloc(block, new_bytes);
}

static void sized_free(void* block, size_t old_bytes) {
    if (block != NULL) {
        dearth_expect_size(DEARTH_DOMAIN_MEM, block, old_bytes);
        dearth_mem_free(block);
    }
}

static int push(struct vector* vector, int item) {
    if (vector->count == vector->capacity) {
        const size_t old_capacity = vector->capacity;
        const size_t capacity = old_capacity == 0 ? 4 : old_capacity * 2;
        if (!CLEAN) {
            vector->capacity = capacity;  // The defect: true only if the request succeeds.
        }
        int* items =
            sized_realloc(vector->items, old_capacity * sizeof *items, capacity * sizeof *items);
        if (items == NULL) {
            return -1;
        }
        vector->items = items;
        vector->capacity = capacity;
    }
    vector->items[vector->count++] = item;
    return 0;
}

static void work(struct dearth_outcome* outcome) {
    struct vector vector = {NULL, 0, 0};
    int failed = 0;
    for (int item = 1; item <= 60 && failed == 0; item++) {
        failed = push(&vector, item * item);
    }
    if (failed == 0) {
        int sum = 0;
        for (size_t index = 0; index < vector.count; index++) {
            sum += vector.items[index];
        }
        char answer[32];
        snprintf(answer, sizeof answer, "sum of squares %d", sum);
        canary_answer(outcome, answer);
    } else {
        canary_no_memory(outcome);
    }
    sized_free(vector.items, vector.capacity * sizeof *vector.items);
}

CANARY_MAIN("mismatched-free", work)
