/* A C11 program that uses the whole of dearth/allocator.h, compiled and linked by the C compiler:
 * proof that the domains need no C++ runtime. Its argument says what DEARTH_MALLOC is expected to
 * have done: pool, debug, malloc or malloc_debug. Exit status 0: as expected. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dearth/allocator.h"

static int debug_installs = 0;
static int arenas_given = 0;
static int arenas_live = 0;
static struct dearth_arena_allocator default_arenas;

/* Stands in for the layers, which this program does not link. */
int dearth_install_debug_layers(enum dearth_domain domain, const struct dearth_allocator* beneath,
                                struct dearth_allocator* top);
int dearth_install_debug_layers(enum dearth_domain domain, const struct dearth_allocator* beneath,
                                struct dearth_allocator* top) {
    (void)domain;
    ++debug_installs;
    *top = *beneath;
    return 0;
}

static void* counted_arena(void* ctx, size_t size_bytes) {
    (void)ctx;
    ++arenas_given;
    ++arenas_live;
    return default_arenas.alloc(default_arenas.ctx, size_bytes);
}

static void uncounted_arena(void* ctx, void* arena, size_t size_bytes) {
    (void)ctx;
    --arenas_live;
    default_arenas.free(default_arenas.ctx, arena, size_bytes);
}

static int failures = 0;

static void expect(int is_true, const char* claim) {
    if (!is_true) {
        fprintf(stderr, "not so: %s\n", claim);
        ++failures;
    }
}

struct list {
    struct list* next;
    int number;
};

static void use_objects(void) {
    struct list* head = NULL;
    long sum = 0;
    for (int number = 0; number < 10000; ++number) {
        struct list* node = DEARTH_OBJECT_MALLOC(sizeof *node);
        node->next = head;
        node->number = number;
        head = node;
    }
    while (head != NULL) {
        struct list* next = head->next;
        sum += head->number;
        dearth_object_free(head);
        head = next;
    }
    expect(sum == 49995000L, "the list holds its numbers");
}

static void use_buffers(void) {
    char* text = dearth_mem_malloc(4);
    memcpy(text, "abc", 4);
    text = dearth_mem_realloc(text, 100000);
    expect(strcmp(text, "abc") == 0, "a buffer keeps its text");
    dearth_mem_free(text);
    int* numbers = DEARTH_MEM_NEW(int, 100);
    expect(numbers != NULL, "an array is made");
    dearth_mem_free(numbers);
    errno = 0;
    expect(dearth_raw_malloc((size_t)PTRDIFF_MAX + 1) == NULL && errno == ENOMEM,
           "too large a request fails");
    dearth_raw_free(dearth_raw_calloc(3, 5));
}

int main(int argument_count, char** arguments) {
    const char* expected = argument_count > 1 ? arguments[1] : "pool";
    const int has_debug = strstr(expected, "debug") != NULL;
    const int has_arenas = strcmp(expected, "pool") == 0 || strcmp(expected, "debug") == 0;
    struct dearth_arena_allocator counting = {NULL, counted_arena, uncounted_arena};
    dearth_get_arena_allocator(&default_arenas);
    dearth_set_arena_allocator(&counting);
    expect(debug_installs == (has_debug ? DEARTH_DOMAIN_COUNT : 0),
           "the environment decides about debug hooks before the first request");
    use_objects();
    use_buffers();
    expect((arenas_given > 0) == has_arenas, "the environment decides about arenas");
    expect(arenas_live == 0, "arenas go back");
    dearth_setup_debug_hooks();
    expect(debug_installs == DEARTH_DOMAIN_COUNT, "debug hooks go on once");
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
