// Memory for our own tables, from the OS and nowhere else: the wrapped allocators must never see
// us, and must be free to fail. Pages read as zero.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

inline constexpr size_t kPageBytes = 4096;

/// Readable, writable pages; sizes round up to whole pages. nullptr when the OS has none; errno is
/// kept either way.
void* map_pages(size_t size_bytes) noexcept;

/// The same, but nothing is promised until a page is touched: for tables that grow in place.
/// Untouched pages cost neither memory nor time when the process forks.
void* reserve_pages(size_t size_bytes) noexcept;

/// Has untouched pages of ours backed by memory in one go, for less than a page fault each would
/// cost. Where the OS cannot (before Linux 5.14), they are backed when touched. `pages` begins a
/// page; errno is kept.
void populate_pages(void* pages, size_t size_bytes) noexcept;

/// The same as map_pages, for what the target keeps its blocks in: not counted as ours.
void* map_target_pages(size_t size_bytes) noexcept;

/// `size_bytes` as it was asked for. nullptr: nothing happens.
void unmap_pages(void* pages, size_t size_bytes) noexcept;

struct PageRange {
    uintptr_t low;
    uintptr_t high;
};

/// Has pages that somebody mapped otherwise counted as ours, until unmap_pages.
void add_own_pages(void* pages, size_t size_bytes) noexcept;

/// The lowest range of ours that reaches into [low, high); both 0: there is none. Nothing in our
/// pages is the target's; a search for its pointers leaves them out. Of more than 256 ranges at
/// once some are forgotten.
PageRange find_own_pages(uintptr_t low, uintptr_t high) noexcept;

}  // namespace dearth::hooks
