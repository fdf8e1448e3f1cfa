// Frees and resizes blocks that a library's constructor made, and misuses one of them if asked to.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void* dearth_early_blocks[4];

int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    free(dearth_early_blocks[0]);
    char* grown = realloc(dearth_early_blocks[1], 5000);
    if (grown == NULL) {
        // A failed realloc leaves the block alone.
        grown = dearth_early_blocks[1];
        puts("not resized");
    }
    int kept = 0;
    for (int i = 0; i < 1000; ++i)
        kept += grown[i] == 'e';
    printf("%d bytes kept\n", kept);
    free(grown);
    dearth_early_blocks[2] = realloc(dearth_early_blocks[2], 10);
    free(dearth_early_blocks[2]);
    if (strcmp(what, "twice") == 0)
        free(dearth_early_blocks[0]);
    if (strcmp(what, "interior") == 0)
        free((char*)dearth_early_blocks[3] + 32);
    return 0;
}
