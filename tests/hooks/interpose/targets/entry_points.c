// Calls every allocating function of glibc once, and says on standard output what came of it, one
// line a function: name, errno, and whether the block is there, aligned and as large as asked for.
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char lines[4096];
static size_t used = 0;

// Into a buffer: printf allocates.
static void say(const char* name, int code, const void* block, size_t alignment, size_t bytes) {
    const char* state = "none";
    if (block != NULL) {
        const int is_aligned = (uintptr_t)block % alignment == 0;
        const int is_large = malloc_usable_size((void*)block) >= bytes;
        state = is_aligned && is_large ? "good" : "bad";
    }
    const int length = snprintf(lines + used, sizeof lines - used, "%s %d %s\n", name, code, state);
    used += (size_t)length;
}

static void* made(const char* name, void* block, size_t alignment, size_t bytes) {
    say(name, block == NULL ? errno : 0, block, alignment, bytes);
    if (block != NULL)
        memset(block, 0x5A, bytes);
    errno = 0;
    return block;
}

int main(void) {
    // Made while everything still works.
    void* kept = getenv("DEARTH_TEST_KEPT") != NULL ? malloc(40) : NULL;
    void* blocks[16];
    size_t count = 0;
    errno = 0;
    blocks[count++] = made("malloc", malloc(100), 16, 100);
    blocks[count++] = made("calloc", calloc(10, 11), 16, 110);
    blocks[count++] = made("realloc-null", realloc(NULL, 50), 16, 50);
    void* grown = made("realloc", realloc(kept, 5000), 16, 5000);
    blocks[count++] = grown != NULL ? grown : kept;
    blocks[count++] = made("reallocarray", reallocarray(NULL, 12, 12), 16, 144);
    blocks[count++] = made("memalign", memalign(64, 33), 64, 33);
    blocks[count++] = made("memalign-odd", memalign(48, 33), 64, 33);
    blocks[count++] = made("aligned_alloc", aligned_alloc(4096, 100), 4096, 100);
    blocks[count++] = made("valloc", valloc(10), 4096, 10);
    blocks[count++] = made("pvalloc", pvalloc(10), 4096, 4096);
    void* block = NULL;
    errno = 77;
    int code = posix_memalign(&block, 256, 77);
    say(errno == 77 ? "posix_memalign" : "posix_memalign-errno", code, block, 256, 77);
    blocks[count++] = block;
    block = &code;
    code = posix_memalign(&block, 24, 10);
    say(errno == 77 && block == &code ? "posix_memalign-24" : "posix_memalign-24-touched", code,
        NULL, 1, 0);
    errno = 0;
    blocks[count++] = made("malloc-zero", malloc(0), 16, 0);
    // More than there is: libc's own errors, whatever the schedule.
    volatile size_t huge = SIZE_MAX - 5;
    made("malloc-huge", malloc(huge), 16, 0);
    made("calloc-huge", calloc(huge, 3), 16, 0);
    made("reallocarray-huge", reallocarray(NULL, huge, 3), 16, 0);
    made("memalign-huge", memalign(huge, 3), 16, 0);
    say("realloc-free", 0, realloc(strdup("x"), 0), 1, 0);
    while (count > 0)
        free(blocks[--count]);
    fputs(lines, stdout);
    return 0;
}
