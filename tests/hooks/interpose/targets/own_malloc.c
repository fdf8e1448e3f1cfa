// Brings its own malloc, as programs with jemalloc or tcmalloc linked in do.
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static char pool[1 << 20];
static size_t used = 0;

void* malloc(size_t size) {
    void* block = pool + used + 16;
    used += (size + 31) / 16 * 16;
    return used < sizeof pool ? block : NULL;
}

void* calloc(size_t count, size_t size) {
    return malloc(count * size);
}

void* realloc(void* block, size_t size) {
    void* moved = malloc(size);
    if (block != NULL && moved != NULL)
        memcpy(moved, block, size);
    return moved;
}

void free(void* block) {
    (void)block;
}

int main(void) {
    puts(malloc(10) != NULL ? "served" : "none");
    return 0;
}
