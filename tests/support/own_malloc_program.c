// Brings its own allocator, as a program with jemalloc linked in does: libc's requests go there
// too, before any preloaded library.
#include <stddef.h>
#include <string.h>

static _Alignas(16) char memory[1 << 20];
static size_t used;

void* malloc(size_t size) {
    const size_t rounded = (size + 15) / 16 * 16;
    if (rounded < size || rounded > sizeof memory - used)
        return NULL;
    used += rounded;
    return memory + used - rounded;
}

void free(void* block) {
    (void)block;
}

void* calloc(size_t count, size_t size) {
    void* block = malloc(count * size);
    return block == NULL ? NULL : memset(block, 0, count * size);
}

void* realloc(void* block, size_t size) {
    void* fresh = malloc(size);
    if (fresh != NULL && block != NULL)
        memmove(fresh, block, size);
    return fresh;
}

int main(void) {
    char* block = malloc(100);
    free(block);
    return block == NULL;
}
