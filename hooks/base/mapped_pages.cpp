// mmap and munmap; see the header.
#include "hooks/base/mapped_pages.h"

#include <sys/mman.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/die.h"
#include "hooks/base/errno_saver.h"

namespace dearth::hooks {

namespace {

// No lock: pages are mapped under all kinds of locks, and around forks. A range whose `low` is 0 is
// free, kClaimed: being written.
constexpr size_t kOwnRangesMax = 256;
constexpr uintptr_t kClaimed = 1;
constinit PageRange own_ranges[kOwnRangesMax] = {};

void forget_own_pages(void* pages) noexcept {
    if (pages == nullptr) {
        return;
    }
    const auto low = reinterpret_cast<uintptr_t>(pages);
    for (PageRange& range : own_ranges) {
        if (__atomic_load_n(&range.low, __ATOMIC_RELAXED) == low) {
            __atomic_store_n(&range.low, 0, __ATOMIC_RELEASE);
            return;
        }
    }
}

void* map_with(size_t size_bytes, int extra_flags) noexcept {
    ErrnoSaver saver;
    if (size_bytes == 0 || size_bytes > kRequestMax - kPageBytes) {
        return nullptr;
    }
    void* pages = mmap(nullptr, align_up(size_bytes, kPageBytes), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);
    return pages == MAP_FAILED ? nullptr : pages;
}

}  // namespace

void* map_pages(size_t size_bytes) noexcept {
    void* pages = map_with(size_bytes, 0);
    add_own_pages(pages, size_bytes);
    return pages;
}

void* reserve_pages(size_t size_bytes) noexcept {
    void* pages = map_with(size_bytes, MAP_NORESERVE);
    add_own_pages(pages, size_bytes);
    return pages;
}

void* map_target_pages(size_t size_bytes) noexcept {
    return map_with(size_bytes, 0);
}

void add_own_pages(void* pages, size_t size_bytes) noexcept {
    if (pages == nullptr) {
        return;
    }
    const auto low = reinterpret_cast<uintptr_t>(pages);
    for (PageRange& range : own_ranges) {
        uintptr_t unused = 0;
        if (__atomic_load_n(&range.low, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&range.low, &unused, kClaimed, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            __atomic_store_n(&range.high, low + align_up(size_bytes, kPageBytes), __ATOMIC_RELAXED);
            __atomic_store_n(&range.low, low, __ATOMIC_RELEASE);
            return;
        }
    }
}

PageRange find_own_pages(uintptr_t low, uintptr_t high) noexcept {
    PageRange found = {0, 0};
    for (const PageRange& range : own_ranges) {
        const PageRange own = {__atomic_load_n(&range.low, __ATOMIC_ACQUIRE),
                               __atomic_load_n(&range.high, __ATOMIC_RELAXED)};
        if (own.low > kClaimed && own.low < high && own.high > low &&
            (found.low == 0 || own.low < found.low)) {
            found = own;
        }
    }
    return found;
}

void populate_pages(void* pages, size_t size_bytes) noexcept {
    ErrnoSaver saver;
    madvise(pages, size_bytes, MADV_POPULATE_WRITE);
}

void unmap_pages(void* pages, size_t size_bytes) noexcept {
    ErrnoSaver saver;
    forget_own_pages(pages);
    if (pages != nullptr && munmap(pages, align_up(size_bytes, kPageBytes)) != 0) {
        die("munmap refused pages of ours");
    }
}

}  // namespace dearth::hooks
