/// What a C program has: every allocating function of libc, frees of what was never allocated or
/// does not start there (CWE 590, 761), and results that nobody checks (CWE 690).
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <malloc.h>

#include "tests/detection/variant.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void* make_calloc(size_t size) {
    return calloc(1, size);
}
static void* make_calloc_elements(size_t size) {
    return calloc(size, 1);
}
static void* make_realloc(size_t size) {
    return realloc(NULL, size);
}
static void* make_grown(size_t size) {
    return realloc(malloc(size / 2 + 1), size);
}
static void* make_shrunk(size_t size) {
    return realloc(malloc(size * 3 + 100), size);
}
static void* make_reallocarray(size_t size) {
    return reallocarray(malloc(3), size, 1);
}
static void* make_memalign_64(size_t size) {
    return memalign(64, size);
}
static void* make_aligned_32(size_t size) {
    return aligned_alloc(32, size);
}
static void* make_aligned_256(size_t size) {
    return aligned_alloc(256, size);
}
static void* make_valloc(size_t size) {
    return valloc(size);
}

static void* make_posix(size_t alignment, size_t size) {
    void* block = NULL;
    return posix_memalign(&block, alignment, size) == 0 ? block : NULL;
}
static void* make_posix_16(size_t size) {
    return make_posix(16, size);
}
static void* make_posix_128(size_t size) {
    return make_posix(128, size);
}
static void* make_posix_4096(size_t size) {
    return make_posix(4096, size);
}
static void* make_posix_8192(size_t size) {
    return make_posix(8192, size);
}

/// A text that makes libc's functions ask for just so many bytes.
static const char* text_of_block(size_t size) {
    static char text[1 << 18];
    memset(text, 't', size - 1);
    text[size - 1] = '\0';
    return text;
}

static void* make_strdup(size_t size) {
    return strdup(text_of_block(size));
}
static void* make_strndup(size_t size) {
    return strndup(text_of_block(size), size - 1);
}

static void* make_asprintf(size_t size) {
    char* text = NULL;
    return asprintf(&text, "%s", text_of_block(size)) < 0 ? NULL : text;
}

/// getline keeps a block that the caller brings, when it is large enough.
static void* make_getline(size_t size) {
    char* line = malloc(size);
    size_t capacity = size;
    FILE* file = fmemopen((void*)"ab\n", 3, "r");
    getline(&line, &capacity, file);
    fclose(file);
    return line;
}

static void* make_memstream(size_t size) {
    char* text = NULL;
    size_t length = 0;
    FILE* stream = open_memstream(&text, &length);
    fputs(text_of_block(size), stream);
    fclose(stream);
    return realloc(text, size);
}

static const struct maker kMakers[] = {
    {"malloc", malloc, free, 0},
    {"calloc", make_calloc, free, 0},
    {"calloc-elements", make_calloc_elements, free, 0},
    {"realloc", make_realloc, free, 1},
    {"grown", make_grown, free, 8},
    {"shrunk", make_shrunk, free, 1},
    {"reallocarray", make_reallocarray, free, 1},
    {"memalign-64", make_memalign_64, free, 0},
    {"aligned_alloc-32", make_aligned_32, free, 0},
    {"aligned_alloc-256", make_aligned_256, free, 0},
    {"posix_memalign-16", make_posix_16, free, 0},
    {"posix_memalign-128", make_posix_128, free, 0},
    {"posix_memalign-4096", make_posix_4096, free, 0},
    {"posix_memalign-8192", make_posix_8192, free, 0},
    {"valloc", make_valloc, free, 0},
    {"strdup", make_strdup, free, 1},
    {"strndup", make_strndup, free, 1},
    {"asprintf", make_asprintf, free, 1},
    {"getline", make_getline, free, 4},
    {"open_memstream", make_memstream, free, 1},
};

static char global[64];
static const char constant[64] = "constant";
static _Thread_local char of_thread[64];

static void* pointer_to_stack(void) {
    static char* volatile escaped;
    char local[64];
    escaped = local;
    return escaped;
}
static void* pointer_to_argument_stack(void) {
    return __builtin_frame_address(0);
}
static void* pointer_to_global(void) {
    return global;
}
static void* pointer_into_global(void) {
    return global + 17;
}
static void* pointer_to_constant(void) {
    return (void*)constant;
}
static void* pointer_to_literal(void) {
    return (void*)"literal";
}
static void* pointer_to_thread_data(void) {
    return of_thread;
}
static void* pointer_to_function(void) {
    return (void*)pointer_to_global;
}
static void* pointer_to_mapping(void) {
    return mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void* pointer_into_mapping(void) {
    return (char*)pointer_to_mapping() + 4096;
}

struct foreign {
    const char* name;
    void* (*make)(void);
};
static const struct foreign kForeign[] = {
    {"stack", pointer_to_stack},
    {"frame", pointer_to_argument_stack},
    {"global", pointer_to_global},
    {"inside-global", pointer_into_global},
    {"constant", pointer_to_constant},
    {"literal", pointer_to_literal},
    {"thread-data", pointer_to_thread_data},
    {"function", pointer_to_function},
    {"mapping", pointer_to_mapping},
    {"inside-mapping", pointer_into_mapping},
};

/// `size_bytes` is the row of kForeign.
static void run_foreign_free(const struct variant* variant, int is_bad) {
    void* pointer = kForeign[variant->size_bytes].make();
    free(is_bad ? pointer : NULL);
}

static void run_foreign_realloc(const struct variant* variant, int is_bad) {
    void* pointer = kForeign[variant->size_bytes].make();
    keep_block(realloc(is_bad ? pointer : NULL, 100));
}

static void run_alloca_free(const struct variant* variant, int is_bad) {
    char* block = __builtin_alloca(100);
    char* heap = malloc(variant->size_bytes);
    memset(block, 'x', 100);
    free(is_bad ? block : heap);
    if (is_bad) {
        free(heap);
    }
}

static void run_interior_free(const struct variant* variant, int is_bad) {
    char* block = variant->maker->make(variant->size_bytes);
    memset(block, 'x', variant->size_bytes);
    if (is_bad) {
        keep_block(block);
    }
    free(is_bad ? block + variant->distance_bytes : block);
}

static void run_interior_realloc(const struct variant* variant, int is_bad) {
    char* block = variant->maker->make(variant->size_bytes);
    memset(block, 'x', variant->size_bytes);
    if (is_bad) {
        keep_block(block);
    }
    keep_block(realloc(is_bad ? block + variant->distance_bytes : block, 100));
}

/// The classic: a loop moved the pointer.
static void run_moved_free(const struct variant* variant, int is_bad) {
    char* block = strdup("search in here: x");
    char* at = block;
    while (*at != ':') {
        ++at;
    }
    if (is_bad) {
        keep_block(block);
    }
    free(is_bad ? at : block);
    (void)variant;
}

static void add_foreign(void) {
    for (size_t index = 0; index < COUNT_OF(kForeign); ++index) {
        struct variant variant = {
            .cwe = 590, .report = "invalid free", .run = run_foreign_free, .size_bytes = index};
        snprintf(variant.name, sizeof variant.name, "free-of-%s", kForeign[index].name);
        add_variant(&variant);
        variant.run = run_foreign_realloc;
        snprintf(variant.name, sizeof variant.name, "realloc-of-%s", kForeign[index].name);
        add_variant(&variant);
    }
    struct variant variant = {
        .name = "free-of-alloca", .cwe = 590, .report = "invalid free", .run = run_alloca_free};
    for (; variant.place < PLACE_COUNT; ++variant.place) {
        add_variant(&variant);
    }
}

static void add_interior(void) {
    static const ptrdiff_t kOffsets[] = {-16, -8, -1, 1, 4, 8, 15, 16, 24, 32, 64, 100, 199};
    for (size_t index = 0; index < COUNT_OF(kOffsets); ++index) {
        struct variant variant = {.cwe = 761,
                                  .report = "invalid free",
                                  .run = run_interior_free,
                                  .maker = &kMakers[0],
                                  .size_bytes = 200,
                                  .distance_bytes = kOffsets[index]};
        snprintf(variant.name, sizeof variant.name, "free-at%+td", kOffsets[index]);
        add_variant(&variant);
        variant.run = run_interior_realloc;
        snprintf(variant.name, sizeof variant.name, "realloc-at%+td", kOffsets[index]);
        add_variant(&variant);
    }
    for (size_t maker = 0; maker < COUNT_OF(kMakers); ++maker) {
        struct variant variant = {.cwe = 761,
                                  .report = "invalid free",
                                  .run = run_interior_free,
                                  .maker = &kMakers[maker],
                                  .size_bytes = 300,
                                  .distance_bytes = 32};
        snprintf(variant.name, sizeof variant.name, "free-at+32-%s", kMakers[maker].name);
        add_variant(&variant);
    }
    struct variant moved = {.name = "free-of-moved-pointer",
                            .cwe = 761,
                            .report = "invalid free",
                            .run = run_moved_free};
    add_variant(&moved);
}

static void run_unchecked(const struct variant* variant, int is_bad) {
    unsigned char* block = variant->maker->make(variant->size_bytes);
    if (!is_bad && block == NULL) {
        return;
    }
    memset(block, 'x', variant->size_bytes);
    free(block);
}

static void add_unchecked(void) {
    // Those whose own code copes with a failed request.
    static const char* const kNames[] = {
        "malloc", "calloc", "realloc", "memalign-64",       "aligned_alloc-32",
        "valloc", "strdup", "strndup", "posix_memalign-16", "asprintf"};
    for (size_t index = 0; index < COUNT_OF(kMakers); ++index) {
        for (size_t name = 0; name < COUNT_OF(kNames); ++name) {
            if (strcmp(kMakers[index].name, kNames[name]) == 0) {
                struct variant variant = {.cwe = 690,
                                          .report = "signal",
                                          .needs_failure = 1,
                                          .run = run_unchecked,
                                          .maker = &kMakers[index],
                                          .size_bytes = 100};
                snprintf(variant.name, sizeof variant.name, "unchecked-%s", kNames[name]);
                for (; variant.place < PLACE_COUNT; variant.place = variant.place + 1) {
                    add_variant(&variant);
                }
            }
        }
    }
}

void add_all_variants(void) {
    add_bounds(kMakers, COUNT_OF(kMakers));
    add_lifetimes(kMakers, COUNT_OF(kMakers));
    add_leaks(kMakers, COUNT_OF(kMakers));
    add_foreign();
    add_interior();
    add_unchecked();
}
