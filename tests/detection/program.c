/// The detection programs' main: `--list` prints every variant, `NAME bad` plants its defect, `NAME
/// good` runs its twin. A good run, and a bad one that nobody stops, ends with 0.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/detection/variant.h"

enum { VARIANTS_MAX = 2000, KEPT_MAX = 64 };

static struct variant variants[VARIANTS_MAX];
static size_t variant_count;
static const struct variant* chosen;
static int is_bad;
static void* kept[KEPT_MAX];
static size_t kept_count;

static const char* const kPlaceWords[PLACE_COUNT] = {"", "-thread", "-atexit", "-constructor"};

void add_variant(const struct variant* variant) {
    if (variant_count == VARIANTS_MAX) {
        fputs("detection program: more variants than VARIANTS_MAX\n", stderr);
        abort();
    }
    struct variant* added = &variants[variant_count++];
    *added = *variant;
    strcat(added->name, kPlaceWords[variant->place]);
}

void keep_block(void* block) {
    kept[kept_count++ % KEPT_MAX] = block;
}

static void run_chosen(void) {
    chosen->run(chosen, is_bad);
}

static void* run_in_thread(void* unused) {
    run_chosen();
    return unused;
}

static void choose(const char* name) {
    for (size_t index = 0; index < variant_count; ++index) {
        if (strcmp(variants[index].name, name) == 0) {
            chosen = &variants[index];
        }
    }
}

/// glibc hands these to constructors too.
__attribute__((constructor)) static void before_main(int argc, char** argv) {
    add_all_variants();
    if (argc != 3) {
        return;
    }
    choose(argv[1]);
    is_bad = strcmp(argv[2], "bad") == 0;
    if (chosen != NULL && chosen->place == BEFORE_MAIN) {
        run_chosen();
    }
}

static int list_variants(void) {
    for (size_t index = 0; index < variant_count; ++index) {
        const struct variant* variant = &variants[index];
        printf("%s\t%d\t%s\t%s\n", variant->name, variant->cwe, variant->report,
               variant->needs_failure ? "injected" : "plain");
    }
    return 0;
}

int main(int argc, char** argv) {
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        return list_variants();
    }
    if (chosen == NULL || (!is_bad && strcmp(argv[2], "good") != 0)) {
        fputs("usage: --list | NAME bad | NAME good, with a NAME from the list\n", stderr);
        return 2;
    }
    if (chosen->place == IN_MAIN) {
        run_chosen();
    } else if (chosen->place == IN_EXIT_HANDLER) {
        atexit(run_chosen);
    } else if (chosen->place == IN_THREAD) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run_in_thread, NULL) != 0) {
            return 2;
        }
        pthread_join(thread, NULL);
    }
    return 0;
}
