/// Canary: a list that cannot grow drops the rest and reports success. Must be found: unreported
/// (success with another output). The twin reports the failure.
#include "canary_target.h"

static void work(struct dearth_outcome* outcome) {
    int* primes = NULL;
    size_t count = 0;
    size_t capacity = 0;
    for (int number = 2; number < 60; number++) {
        int is_prime = 1;
        for (size_t index = 0; index < count; index++) {
            is_prime = is_prime && number % primes[index] != 0;
        }
        if (!is_prime) {
            continue;
        }
        if (count == capacity) {
            int* grown = dearth_mem_realloc(primes, (capacity + 4) * sizeof *primes);
            if (grown == NULL && CLEAN) {
                dearth_mem_free(primes);
                canary_no_memory(outcome);
                return;
            }
            if (grown == NULL) {
                break;  // The defect: what is missing is not said.
            }
            primes = grown;
            capacity += 4;
        }
        primes[count++] = number;
    }
    char answer[64];
    snprintf(answer, sizeof answer, "%zu primes, the last is %d", count,
             count == 0 ? 0 : primes[count - 1]);
    canary_answer(outcome, answer);
    dearth_mem_free(primes);
}

CANARY_MAIN("unreported", work)
