// A library whose constructor allocates before anybody can have put layers in.
#include <stdlib.h>
#include <string.h>

void* dearth_early_blocks[4];

__attribute__((constructor)) static void construct(void) {
    for (int i = 0; i < 4; ++i) {
        dearth_early_blocks[i] = malloc(1000);
        memset(dearth_early_blocks[i], 'e', 1000);
    }
}

__attribute__((destructor)) static void destruct(void) {
    free(dearth_early_blocks[3]);
}
