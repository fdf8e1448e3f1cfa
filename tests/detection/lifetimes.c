/// CWE 401, 415, 416: blocks that are lost, freed twice, or used after they were freed.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/detection/variant.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { OTHER_BLOCKS = 50 };

static void use_other_blocks(size_t size) {
    void* others[OTHER_BLOCKS];
    for (size_t index = 0; index < OTHER_BLOCKS; ++index) {
        others[index] = malloc(size + index);
    }
    for (size_t index = 0; index < OTHER_BLOCKS; ++index) {
        free(others[index]);
    }
}

static unsigned char* make_filled(const struct variant* variant) {
    unsigned char* block = variant->maker->make(variant->size_bytes);
    if (block != NULL) {
        memset(block, 'x', variant->size_bytes);
    }
    return block;
}

static void touch(const struct variant* variant, unsigned char* block) {
    const size_t unit = variant->access->unit_bytes;
    variant->access->touch(block, unit == 0 ? variant->size_bytes : unit);
}

static void run_use_after_free(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    if (is_bad) {
        variant->maker->release(block);
        touch(variant, block + variant->distance_bytes);
    } else {
        touch(variant, block + variant->distance_bytes);
        variant->maker->release(block);
    }
}

/// Other blocks come and go in between: the address may be somebody else's.
static void run_late_use(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    if (!is_bad) {
        touch(variant, block);
    }
    variant->maker->release(block);
    use_other_blocks(variant->size_bytes + 8);
    if (is_bad) {
        touch(variant, block);
    }
}

static void run_use_after_realloc(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    void* between = malloc(16);  // it cannot grow where it is
    unsigned char* grown = realloc(block, variant->size_bytes * 4 + 4096);
    touch(variant, is_bad ? block : grown);
    free(grown);
    free(between);
}

static void run_double_free(const struct variant* variant, int is_bad) {
    void* block = make_filled(variant);
    variant->maker->release(block);
    if (is_bad) {
        variant->maker->release(block);
    }
}

static void run_late_double_free(const struct variant* variant, int is_bad) {
    void* block = make_filled(variant);
    variant->maker->release(block);
    use_other_blocks(variant->size_bytes + 8);
    if (is_bad) {
        variant->maker->release(block);
    }
}

static void run_free_after_realloc(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    void* between = malloc(16);
    void* grown = realloc(block, variant->size_bytes * 4 + 4096);
    if (is_bad) {
        free(block);
    }
    free(grown);
    free(between);
}

static void run_realloc_after_free(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    if (is_bad) {
        free(block);
    }
    void* grown = realloc(block, variant->size_bytes * 2);
    free(grown != NULL ? grown : is_bad ? NULL : block);
}

static void* free_in_thread(void* block) {
    free(block);
    return NULL;
}

static void run_free_by_other_thread(const struct variant* variant, int is_bad) {
    void* block = make_filled(variant);
    pthread_t thread;
    pthread_create(&thread, NULL, free_in_thread, block);
    pthread_join(thread, NULL);
    if (is_bad) {
        free(block);
    }
}

/// The only pointer to the block is gone when this returns.
static void __attribute__((noinline)) run_leak(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    if (variant->is_kept) {
        keep_block(is_bad ? NULL : block);
    } else if (!is_bad) {
        variant->maker->release(block);
    }
    block = NULL;
    use_other_blocks(variant->size_bytes);
}

static void run_lost_list(const struct variant* variant, int is_bad) {
    void** head = NULL;
    for (int index = 0; index < 10; ++index) {
        void** node = malloc(variant->size_bytes);
        *node = head;
        head = node;
    }
    while (head != NULL && !is_bad) {
        void** next = *head;
        free(head);
        head = next;
    }
    use_other_blocks(variant->size_bytes);
}

static void run_lost_on_failed_realloc(const struct variant* variant, int is_bad) {
    char* block = malloc(variant->size_bytes);
    if (block == NULL) {
        return;
    }
    char* grown = realloc(block, variant->size_bytes * 10);
    if (grown == NULL && !is_bad) {
        free(block);
    }
    block = NULL;
    free(grown);
    use_other_blocks(64);
}

static void add(struct variant variant, const char* kind) {
    if (variant.size_bytes < variant.maker->least_bytes) {
        variant.size_bytes = variant.maker->least_bytes;
    }
    snprintf(variant.name, sizeof variant.name, "%s%s%s%s-%s-%zu", kind,
             variant.access == NULL    ? ""
             : variant.access->is_read ? "-read-"
                                       : "-write-",
             variant.access == NULL ? "" : variant.access->name,
             variant.distance_bytes != 0 ? "-inside" : "", variant.maker->name, variant.size_bytes);
    add_variant(&variant);
}

static void add_uses(const struct maker* maker) {
    static const size_t kSizes[] = {1, 8, 24, 40, 100, 500, 1000, 4096, 5000, 100000};
    for (size_t index = 0; index < access_count; ++index) {
        struct variant use = {.cwe = 416,
                              .report = "use after free",
                              .run = run_use_after_free,
                              .maker = maker,
                              .access = &accesses[index],
                              .size_bytes = 72};
        add(use, "use-after-free");
        use.run = run_late_use;
        add(use, "late-use-after-free");
    }
    for (int is_read = 0; is_read < 2; ++is_read) {
        for (size_t index = 0; index < COUNT_OF(kSizes); ++index) {
            struct variant use = {.cwe = 416,
                                  .report = "use after free",
                                  .run = run_use_after_free,
                                  .maker = maker,
                                  .access = find_access("byte", is_read),
                                  .size_bytes = kSizes[index]};
            add(use, "use-after-free");
            use.distance_bytes = (ptrdiff_t)kSizes[index] / 2;
            if (use.distance_bytes != 0) {
                add(use, "use-after-free");
            }
        }
    }
}

/// Of blocks from malloc: realloc and free apply.
static void add_resized(const struct maker* maker) {
    struct variant variant = {.cwe = 416,
                              .report = "use after free",
                              .run = run_use_after_realloc,
                              .maker = maker,
                              .size_bytes = 48};
    for (int is_read = 0; is_read < 2; ++is_read) {
        variant.access = find_access("byte", is_read);
        add(variant, "use-after-realloc");
    }
    variant.access = NULL;
    variant.cwe = 415;
    variant.report = "double free";
    variant.run = run_free_after_realloc;
    add(variant, "free-after-realloc");
    variant.run = run_realloc_after_free;
    add(variant, "realloc-after-free");
    variant.run = run_free_by_other_thread;
    add(variant, "free-by-two-threads");
}

void add_lifetimes(const struct maker* makers, size_t count) {
    static const size_t kSizes[] = {1, 16, 24, 100, 1000, 4096, 20000};
    add_uses(&makers[0]);
    if (makers[0].release == free) {
        add_resized(&makers[0]);
    }
    for (size_t maker = 0; maker < count; ++maker) {
        struct variant twice = {.cwe = 415, .report = "double free", .maker = &makers[maker]};
        for (size_t index = 0; index < COUNT_OF(kSizes); ++index) {
            twice.size_bytes = kSizes[index];
            twice.run = run_double_free;
            if (maker == 0 || index == 2) {
                add(twice, "double-free");
            }
        }
        twice.size_bytes = 48;
        twice.run = run_late_double_free;
        add(twice, "late-double-free");
        for (twice.place = IN_THREAD; maker == 0 && twice.place < PLACE_COUNT; ++twice.place) {
            twice.run = run_double_free;
            add(twice, "double-free");
            struct variant use = twice;
            use.cwe = 416;
            use.report = "use after free";
            use.run = run_use_after_free;
            use.access = find_access("byte", 0);
            add(use, "use-after-free");
        }
    }
}

static void add_lost_chains(const struct maker* maker) {
    struct variant lost = {
        .cwe = 401, .report = "leak", .run = run_lost_list, .maker = maker, .size_bytes = 32};
    add(lost, "lost-list");
    lost.run = run_lost_on_failed_realloc;
    lost.needs_failure = 1;
    add(lost, "lost-on-failed-realloc");
}

void add_leaks(const struct maker* makers, size_t count) {
    static const size_t kSizes[] = {1, 40, 1000, 5000, 200000};
    for (size_t maker = 0; maker < count; ++maker) {
        struct variant lost = {
            .cwe = 401, .report = "leak", .run = run_leak, .maker = &makers[maker]};
        for (size_t index = 0; index < COUNT_OF(kSizes); ++index) {
            lost.size_bytes = kSizes[index];
            if (maker == 0 || index == 1) {
                lost.is_kept = 0;
                add(lost, "lost");
                lost.is_kept = 1;
                add(lost, "lost-or-reachable");
            }
        }
        lost.size_bytes = 56;
        for (lost.place = IN_THREAD; maker == 0 && lost.place < PLACE_COUNT; ++lost.place) {
            add(lost, "lost");
        }
    }
    if (makers[0].release == free) {
        add_lost_chains(&makers[0]);
    }
}
