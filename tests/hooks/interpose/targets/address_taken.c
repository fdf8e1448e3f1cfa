// Calls malloc by its address, which in a fixed-position executable is an entry of its own.
#include <stdlib.h>

void* (*volatile make)(size_t) = malloc;

int main(void) {
    void* block = make(10);
    free(block);
    return block == NULL;
}
