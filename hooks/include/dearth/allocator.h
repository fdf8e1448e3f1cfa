/// The allocator table of PEP 445 and the three domains, as a library any C program can call.
/// Source of the contract: PEP 445, "Add new APIs to customize Python memory allocators".
/// C11 and C++20; links nothing but libc.
#ifndef DEARTH_ALLOCATOR_H
#define DEARTH_ALLOCATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Families of allocation functions. Every block belongs to the domain that made it and must go
/// back to the same domain.
enum dearth_domain {
    DEARTH_DOMAIN_RAW = 0,     ///< any thread, at any time; the closest to malloc
    DEARTH_DOMAIN_MEM = 1,     ///< buffers; the caller serializes its threads
    DEARTH_DOMAIN_OBJECT = 2,  ///< small objects; the caller serializes its threads
    DEARTH_DOMAIN_COUNT = 3
};

/// An allocator: functions and the context each gets as its first argument. The first five fields
/// have the layout of CPython's PyMemAllocatorEx.
///
/// Contract of every function, the one PEP 445 asks for:
/// - a request for zero bytes returns a distinct pointer that is not NULL;
/// - a request for more than PTRDIFF_MAX bytes fails;
/// - failure is NULL with errno ENOMEM, and a failed realloc leaves the old block alone;
/// - success leaves errno as it was; free(NULL) does nothing;
/// - pointers are aligned to 16 bytes.
struct dearth_allocator {
    void* ctx;
    void* (*malloc)(void* ctx, size_t size_bytes);
    void* (*calloc)(void* ctx, size_t count, size_t element_bytes);
    void* (*realloc)(void* ctx, void* block, size_t size_bytes);
    void (*free)(void* ctx, void* block);
    /// Optional, NULL when the family has no aligned form. `alignment` is a power of two.
    void* (*aligned_alloc)(void* ctx, size_t alignment, size_t size_bytes);
    /// Optional, NULL when unknown. Bytes the caller asked for when the block was made.
    size_t (*block_size)(void* ctx, void* block);
};

/// Where the small-object allocator takes its arenas from (256 KiB each, any alignment).
struct dearth_arena_allocator {
    void* ctx;
    void* (*alloc)(void* ctx, size_t size_bytes);
    void (*free)(void* ctx, void* arena, size_t size_bytes);
};

/// Largest request, in bytes, that the object domain serves from its arenas; a larger one falls
/// through to the mem domain.
#define DEARTH_SMALL_REQUEST_BYTES 512

/// Bytes of one arena.
#define DEARTH_ARENA_BYTES (256u * 1024u)

/// Reads, or replaces, the allocator of one domain. The table is copied both ways. An unknown
/// domain reads as an all-NULL table and is not written. Not thread-safe against running
/// requests: install before the program's threads start. A replacement either wraps what get
/// returned, or is installed before the domain's first request.
void dearth_get_allocator(enum dearth_domain domain, struct dearth_allocator* allocator);
void dearth_set_allocator(enum dearth_domain domain, const struct dearth_allocator* allocator);

/// Reads, or replaces, where arenas come from. Arenas already taken go back to the allocator that
/// is installed when they are freed. Same thread rule as above.
void dearth_get_arena_allocator(struct dearth_arena_allocator* allocator);
void dearth_set_arena_allocator(const struct dearth_arena_allocator* allocator);

/// Puts guard bytes, fills and domain checks (see dearth/guard.h) on all three domains. Calling it
/// twice has no further effect. Call before the first request, or only blocks made afterwards may
/// be freed. The environment does the same without a recompile: DEARTH_MALLOC=debug (over the
/// small-object allocator), malloc (libc for all domains), malloc_debug (both).
void dearth_setup_debug_hooks(void);

/// Requests to the domains. Raw: any thread. Mem and object: the caller serializes its threads.
/// realloc(block, 0) shrinks the block and keeps it.
void* dearth_raw_malloc(size_t size_bytes);
void* dearth_raw_calloc(size_t count, size_t element_bytes);
void* dearth_raw_realloc(void* block, size_t size_bytes);
void dearth_raw_free(void* block);
void* dearth_mem_malloc(size_t size_bytes);
void* dearth_mem_calloc(size_t count, size_t element_bytes);
void* dearth_mem_realloc(void* block, size_t size_bytes);
void dearth_mem_free(void* block);
void* dearth_object_malloc(size_t size_bytes);
void* dearth_object_calloc(size_t count, size_t element_bytes);
void* dearth_object_realloc(void* block, size_t size_bytes);
void dearth_object_free(void* block);

/// The same requests with the caller's source place, which then stands in findings about the
/// block. `file` must live as long as the block: a string literal. The array form fails with
/// ENOMEM when count * element_bytes does not fit; its bytes are not zeroed.
void* dearth_malloc_at(enum dearth_domain domain, size_t size_bytes, const char* file, int line);
void* dearth_malloc_array_at(enum dearth_domain domain, size_t count, size_t element_bytes,
                             const char* file, int line);
void* dearth_calloc_at(enum dearth_domain domain, size_t count, size_t element_bytes,
                       const char* file, int line);
void* dearth_realloc_at(enum dearth_domain domain, void* block, size_t size_bytes, const char* file,
                        int line);

#define DEARTH_RAW_MALLOC(size) dearth_malloc_at(DEARTH_DOMAIN_RAW, (size), __FILE__, __LINE__)
#define DEARTH_MEM_MALLOC(size) dearth_malloc_at(DEARTH_DOMAIN_MEM, (size), __FILE__, __LINE__)
#define DEARTH_OBJECT_MALLOC(size) \
    dearth_malloc_at(DEARTH_DOMAIN_OBJECT, (size), __FILE__, __LINE__)
#define DEARTH_RAW_CALLOC(count, size) \
    dearth_calloc_at(DEARTH_DOMAIN_RAW, (count), (size), __FILE__, __LINE__)
#define DEARTH_MEM_CALLOC(count, size) \
    dearth_calloc_at(DEARTH_DOMAIN_MEM, (count), (size), __FILE__, __LINE__)
#define DEARTH_OBJECT_CALLOC(count, size) \
    dearth_calloc_at(DEARTH_DOMAIN_OBJECT, (count), (size), __FILE__, __LINE__)
#define DEARTH_RAW_REALLOC(block, size) \
    dearth_realloc_at(DEARTH_DOMAIN_RAW, (block), (size), __FILE__, __LINE__)
#define DEARTH_MEM_REALLOC(block, size) \
    dearth_realloc_at(DEARTH_DOMAIN_MEM, (block), (size), __FILE__, __LINE__)
#define DEARTH_OBJECT_REALLOC(block, size) \
    dearth_realloc_at(DEARTH_DOMAIN_OBJECT, (block), (size), __FILE__, __LINE__)

/// Overflow-checked array request, as PyMem_New: NULL with ENOMEM when count * sizeof(type) does
/// not fit.
#ifdef __cplusplus
#define DEARTH_MEM_NEW(type, count) \
    static_cast<type*>(             \
        dearth_malloc_array_at(DEARTH_DOMAIN_MEM, (count), sizeof(type), __FILE__, __LINE__))
#else
#define DEARTH_MEM_NEW(type, count) \
    ((type*)dearth_malloc_array_at(DEARTH_DOMAIN_MEM, (count), sizeof(type), __FILE__, __LINE__))
#endif

#ifdef __cplusplus
}
#endif

#endif
