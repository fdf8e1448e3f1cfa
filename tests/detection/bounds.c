/// CWE 122, 124, 126, 127: accesses beyond either side of a block, in series that vary one thing at
/// a time: size, distance, way of access, maker, place, and whether the block is ever freed.
#include <stdio.h>
#include <string.h>

#include "tests/detection/variant.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const size_t kSizes[] = {0,    1,    2,    3,    7,    8,    10,   13,    15,
                                16,   17,   24,   31,   32,   33,   48,   63,    64,
                                100,  127,  128,  129,  255,  256,  500,  511,   1000,
                                1024, 2047, 2048, 4000, 4095, 4096, 4097, 10000, 70000};
static const ptrdiff_t kDistances[] = {1,  2,  3,  4,   7,   8,   9,   15,   16,   17,
                                       24, 32, 64, 100, 128, 256, 500, 1024, 2048, 4000};

/// Filled, so that reading inside it is nobody's defect.
static unsigned char* make_filled(const struct variant* variant) {
    unsigned char* block = variant->maker->make(variant->size_bytes);
    if (block != NULL) {
        memset(block, 'x', variant->size_bytes);
    }
    return block;
}

static void finish(const struct variant* variant, void* block) {
    if (variant->is_kept) {
        keep_block(block);
    } else {
        variant->maker->release(block);
    }
}

static void run_behind(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    if (block == NULL) {
        return;
    }
    const struct access* access = variant->access;
    const size_t size = variant->size_bytes;
    if (access->unit_bytes == 0) {
        access->touch(block, is_bad ? size + (size_t)variant->distance_bytes : size);
    } else if (is_bad) {
        access->touch(block + size + variant->distance_bytes - 1, access->unit_bytes);
    } else if (size >= access->unit_bytes) {
        access->touch(block + size - access->unit_bytes, access->unit_bytes);
    }
    finish(variant, block);
}

static void run_before(const struct variant* variant, int is_bad) {
    unsigned char* block = make_filled(variant);
    if (block == NULL) {
        return;
    }
    const struct access* access = variant->access;
    const size_t size = variant->size_bytes;
    const size_t beyond = (size_t)variant->distance_bytes;
    if (access->unit_bytes == 0) {
        access->touch(is_bad ? block - beyond : block, is_bad ? size + beyond : size);
    } else if (is_bad) {
        access->touch(block - beyond, access->unit_bytes);
    } else if (size >= access->unit_bytes) {
        access->touch(block, access->unit_bytes);
    }
    finish(variant, block);
}

static void add(int cwe, const struct maker* maker, const struct access* access, size_t size,
                ptrdiff_t distance, enum place place, int is_kept) {
    static const char* const kNames[] = {"overwrite", "",         "underwrite",
                                         "",          "overread", "underread"};
    struct variant variant = {.cwe = cwe,
                              .place = place,
                              .maker = maker,
                              .access = access,
                              .size_bytes = size < maker->least_bytes ? maker->least_bytes : size,
                              .distance_bytes = distance,
                              .is_kept = is_kept};
    const int is_behind = cwe == 122 || cwe == 126;
    variant.run = is_behind ? run_behind : run_before;
    variant.report = is_behind ? "overflow" : "underflow";
    snprintf(variant.name, sizeof variant.name, "%s-%s-off%td-%s-%zu%s", kNames[cwe - 122],
             access->name, distance, maker->name, variant.size_bytes, is_kept ? "-kept" : "");
    add_variant(&variant);
}

static int is_read_of(int cwe) {
    return cwe == 126 || cwe == 127;
}

static const struct access* byte_access(int cwe) {
    return find_access("byte", is_read_of(cwe));
}

static void add_series_of_first(int cwe, const struct maker* maker) {
    const struct access* byte = byte_access(cwe);
    for (size_t index = 0; index < COUNT_OF(kSizes); ++index) {
        add(cwe, maker, byte, kSizes[index], 1, IN_MAIN, 0);
    }
    for (size_t index = 1; index < COUNT_OF(kDistances); ++index) {
        add(cwe, maker, byte, 40, kDistances[index], IN_MAIN, 0);
        add(cwe, maker, byte, 43, kDistances[index], IN_MAIN, 1);
    }
    for (size_t index = 0; index < access_count; ++index) {
        if (accesses[index].is_read == is_read_of(cwe)) {
            add(cwe, maker, &accesses[index], 60, 1, IN_MAIN, 0);
            add(cwe, maker, &accesses[index], 64, 8, IN_MAIN, 0);
            add(cwe, maker, &accesses[index], 64, 200, IN_MAIN, 0);
        }
    }
}

static void add_series_of_each(int cwe, const struct maker* maker) {
    const struct access* byte = byte_access(cwe);
    add(cwe, maker, byte, 20, 1, IN_MAIN, 0);
    add(cwe, maker, byte, 32, 4, IN_MAIN, 1);
    add(cwe, maker, byte, 100, 16, IN_MAIN, 0);
    add(cwe, maker, byte, 5000, 1, IN_MAIN, 0);
}

void add_bounds(const struct maker* makers, size_t count) {
    static const int kWeaknesses[] = {122, 124, 126, 127};
    for (size_t index = 0; index < COUNT_OF(kWeaknesses); ++index) {
        const int cwe = kWeaknesses[index];
        add_series_of_first(cwe, &makers[0]);
        for (size_t maker = 0; maker < count; ++maker) {
            add_series_of_each(cwe, &makers[maker]);
        }
        for (enum place place = IN_THREAD; place < PLACE_COUNT; ++place) {
            add(cwe, &makers[0], byte_access(cwe), 30, 1, place, 0);
            add(cwe, &makers[0], byte_access(cwe), 30, 8, place, 1);
        }
    }
}
