// One large piece of address space whose pages are opened (readable, writable) and closed
// (unreadable, without memory behind them) at will. Two ways: MADV_GUARD_INSTALL, which marks page
// table entries and splits no mapping, and mprotect, where every run of open pages costs mappings,
// of which the kernel allows some ten thousand. Which one works is found by trying it.
// Threads: opening and closing are system calls without state here; the rest is set up once.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "dearth/control_page.h"

namespace dearth::hooks {

struct PageReserve {
    uintptr_t start;  ///< 0: there is none
    size_t size_bytes;
    dearth_page_way way;
};

/// Ranges that one call of open_ranges takes.
inline constexpr size_t kRangesMax = 32;

/// Reserves as much as it can get, up to `most_bytes` (a multiple of 64 MiB). Pages are closed
/// under PROTECTION; under ADVICE whoever hands them out closes them first. `asked` is AUTO, or the
/// way to take. False: no way works, or there is no address space; `reserve.way` is then NONE.
bool reserve_guarded_pages(size_t most_bytes, dearth_page_way asked, PageReserve& reserve) noexcept;

/// Makes pages unreadable and gives their memory back. False: the kernel refused; they are not to
/// be used any more. `start` and `size_bytes` are whole pages. errno is kept by all three.
bool close_pages(const PageReserve& reserve, uintptr_t start, size_t size_bytes) noexcept;

/// Makes closed pages readable and writable; they read as zero. False: they are still closed.
bool open_pages(const PageReserve& reserve, uintptr_t start, size_t size_bytes) noexcept;

/// The same for several ranges, in one system call where the kernel can. Returns how many of them,
/// from the first on, are open.
size_t open_ranges(const PageReserve& reserve, const iovec* ranges, size_t count) noexcept;

/// Mappings a process may have (vm.max_map_count); the kernel's default when it cannot be read.
uint64_t mappings_max() noexcept;

}  // namespace dearth::hooks
