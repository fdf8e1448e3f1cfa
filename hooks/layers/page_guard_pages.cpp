// The kernel's part; see the header.
#include "hooks/layers/page_guard_pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"
#include "hooks/base/mapped_pages.h"

namespace dearth::hooks {

namespace {

// Linux 6.13; Debian 12's headers are older.
constexpr int kGuardInstall = 102;
constexpr int kGuardRemove = 103;

// PIDFD_SELF_THREAD_GROUP, Linux 6.14: no descriptor, so none that a fork would leave pointing at
// the parent, or a target would close.
constexpr long kPidfdSelf = -10001;

constexpr size_t kLeastReserveBytes = size_t{64} << 20;
constexpr uint64_t kUsualMappingsMax = 65530;

char* bytes_at(uintptr_t address) noexcept {
    return reinterpret_cast<char*>(address);
}

bool advise(uintptr_t start, size_t size_bytes, int advice) noexcept {
    return madvise(bytes_at(start), size_bytes, advice) == 0;
}

void* map_reserve(size_t size_bytes, int protection) noexcept {
    void* pages =
        mmap(nullptr, size_bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? nullptr : pages;
}

bool kernel_has_guards() noexcept {
    void* page = map_reserve(kPageBytes, PROT_READ | PROT_WRITE);
    if (page == nullptr) {
        return false;
    }
    const bool works = madvise(page, kPageBytes, kGuardInstall) == 0;
    unmap_pages(page, kPageBytes);
    return works;
}

}  // namespace

bool reserve_guarded_pages(size_t most_bytes, dearth_page_way asked,
                           PageReserve& reserve) noexcept {
    ErrnoSaver saver;
    reserve = PageReserve{0, 0, DEARTH_PAGES_NONE};
    const bool has_guards = asked != DEARTH_PAGES_PROTECTION && kernel_has_guards();
    if (asked == DEARTH_PAGES_NONE || (asked == DEARTH_PAGES_ADVICE && !has_guards)) {
        return false;
    }
    const int protection = has_guards ? PROT_READ | PROT_WRITE : PROT_NONE;
    for (size_t size_bytes = most_bytes; size_bytes >= kLeastReserveBytes; size_bytes /= 2) {
        void* pages = map_reserve(size_bytes, protection);
        if (pages == nullptr) {
            continue;
        }
        // One huge page would stand for 512 small ones, of which we want one.
        madvise(pages, size_bytes, MADV_NOHUGEPAGE);
        add_own_pages(pages, size_bytes);
        reserve = PageReserve{reinterpret_cast<uintptr_t>(pages), size_bytes,
                              has_guards ? DEARTH_PAGES_ADVICE : DEARTH_PAGES_PROTECTION};
        return true;
    }
    return false;
}

bool close_pages(const PageReserve& reserve, uintptr_t start, size_t size_bytes) noexcept {
    ErrnoSaver saver;
    if (size_bytes == 0) {
        return true;
    }
    if (reserve.way == DEARTH_PAGES_ADVICE) {
        // The kernel would take pages in use away itself, and walk the range twice for it. Asked to
        // beforehand it is a fifth cheaper. What counts is the second call's answer.
        madvise(bytes_at(start), size_bytes, MADV_DONTNEED);
        return advise(start, size_bytes, kGuardInstall);
    }
    return mprotect(bytes_at(start), size_bytes, PROT_NONE) == 0 &&
           advise(start, size_bytes, MADV_DONTNEED);
}

bool open_pages(const PageReserve& reserve, uintptr_t start, size_t size_bytes) noexcept {
    ErrnoSaver saver;
    if (size_bytes == 0) {
        return true;
    }
    if (reserve.way == DEARTH_PAGES_ADVICE) {
        return advise(start, size_bytes, kGuardRemove);
    }
    return mprotect(bytes_at(start), size_bytes, PROT_READ | PROT_WRITE) == 0;
}

size_t open_ranges(const PageReserve& reserve, const iovec* ranges, size_t count) noexcept {
    ErrnoSaver saver;
    size_t opened = 0;
    if (reserve.way == DEARTH_PAGES_ADVICE) {
        const long advised =
            syscall(SYS_process_madvise, kPidfdSelf, ranges, count, kGuardRemove, 0u);
        size_t left = advised < 0 ? 0 : static_cast<size_t>(advised);
        while (opened < count && left >= ranges[opened].iov_len) {
            left -= ranges[opened++].iov_len;
        }
    }
    // What is left: an older kernel, or a call cut short.
    while (opened < count &&
           open_pages(reserve, reinterpret_cast<uintptr_t>(ranges[opened].iov_base),
                      ranges[opened].iov_len)) {
        ++opened;
    }
    return opened;
}

uint64_t mappings_max() noexcept {
    ErrnoSaver saver;
    char text[32];
    const int file = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return kUsualMappingsMax;
    }
    const ssize_t length = read(file, text, sizeof(text));
    close(file);
    uint64_t value = 0;
    for (ssize_t index = 0; index < length && text[index] >= '0' && text[index] <= '9'; ++index) {
        value = value * 10 + static_cast<uint64_t>(text[index] - '0');
    }
    return value == 0 ? kUsualMappingsMax : value;
}

}  // namespace dearth::hooks
