/// One planted defect of the detection programs, and its good twin: the same code with the defect
/// left out. Variants are made from tables at start, in static memory: the heap is the subject.
/// C11 and C++20.
#ifndef DEARTH_TESTS_DETECTION_VARIANT_H
#define DEARTH_TESTS_DETECTION_VARIANT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a block is made and given back.
struct maker {
    const char* name;
    void* (*make)(size_t size_bytes);
    void (*release)(void* block);
    size_t least_bytes;  ///< smallest size it can make
};

/// How bytes are touched: each of [start, start + count).
struct access {
    const char* name;
    int is_read;
    size_t
        unit_bytes;  ///< a jump touches one unit; 0: it touches all from the block's other end on
    void (*touch)(unsigned char* start, size_t count);
};

/// Where the defect happens.
enum place { IN_MAIN, IN_THREAD, IN_EXIT_HANDLER, BEFORE_MAIN, PLACE_COUNT };

struct variant {
    char name[96];
    int cwe;
    const char* report;  ///< what a detector should call it
    int needs_failure;   ///< the defect happens only when a request fails
    void (*run)(const struct variant* variant, int is_bad);
    enum place place;
    // What the variants of bounds and lifetimes are made from; 0 where it means nothing.
    const struct maker* maker;
    const struct access* access;
    size_t size_bytes;
    ptrdiff_t distance_bytes;  ///< bytes beyond the block's end, or before its start: from 1
    int is_kept;               ///< the block is never freed, and stays reachable
};

/// Copies it. `place` becomes part of the name when it is not main.
void add_variant(const struct variant* variant);

/// Adds what this program has.
void add_all_variants(void);

/// Keeps a block reachable to the end.
void keep_block(void* block);

/// Access by name; ends the program when there is none.
const struct access* find_access(const char* name, int is_read);
extern const struct access accesses[];
extern const size_t access_count;

/// Over- and underruns, reads and writes, of blocks by these makers; the first one is the one that
/// the thorough series use.
void add_bounds(const struct maker* makers, size_t count);

/// Double frees and uses after the free of blocks by these makers.
void add_lifetimes(const struct maker* makers, size_t count);

/// Blocks lost by these makers.
void add_leaks(const struct maker* makers, size_t count);

#ifdef __cplusplus
}
#endif

#endif
