// mmap and munmap; see the header.
#include "hooks/base/mapped_pages.h"

#include <sys/mman.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/die.h"
#include "hooks/base/errno_saver.h"

namespace dearth::hooks {

namespace {

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
    return map_with(size_bytes, 0);
}

void* reserve_pages(size_t size_bytes) noexcept {
    return map_with(size_bytes, MAP_NORESERVE);
}

void populate_pages(void* pages, size_t size_bytes) noexcept {
    ErrnoSaver saver;
    madvise(pages, size_bytes, MADV_POPULATE_WRITE);
}

void unmap_pages(void* pages, size_t size_bytes) noexcept {
    ErrnoSaver saver;
    if (pages != nullptr && munmap(pages, align_up(size_bytes, kPageBytes)) != 0) {
        die("munmap refused pages of ours");
    }
}

}  // namespace dearth::hooks
