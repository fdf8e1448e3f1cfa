// process_vm_readv on ourselves, and the ioctl of /proc/self/pagemap; see the header.
#include "hooks/base/memory_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"
#include "hooks/base/mapped_pages.h"

namespace dearth::hooks {

namespace {

// <linux/fs.h> of Linux 6.7; Debian 12's is older.
struct PageRun {
    uint64_t start;
    uint64_t end;
    uint64_t categories;
};
struct PageScan {
    uint64_t size_bytes;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t runs;
    uint64_t run_capacity;
    uint64_t pages_max;
    uint64_t inverted;
    uint64_t all_of;
    uint64_t any_of;
    uint64_t told;
};
constexpr uint64_t kIsFile = 1u << 2;
constexpr uint64_t kIsPresent = 1u << 3;
constexpr uint64_t kIsSwapped = 1u << 4;
constexpr uint64_t kIsZero = 1u << 5;
constexpr unsigned long kScanPages = _IOWR('f', 16, PageScan);

// How many runs were found in whole pages, 0 or 1; -1: the kernel cannot tell.
int scan_pages(int file, uintptr_t low, uintptr_t high, PageRun& run) noexcept {
    PageScan scan = {};
    scan.size_bytes = sizeof(scan);
    scan.start = low;
    scan.end = high;
    scan.runs = reinterpret_cast<uint64_t>(&run);
    scan.run_capacity = 1;
    scan.inverted = kIsFile | kIsZero;
    scan.all_of = kIsFile | kIsZero;
    scan.any_of = kIsPresent | kIsSwapped;
    scan.told = kIsPresent;
    return ioctl(file, kScanPages, &scan);
}

constexpr uintptr_t kPageMask = ~(uintptr_t{kPageBytes} - 1);

}  // namespace

ssize_t read_pieces(const iovec* pieces, size_t count, void* into, size_t into_bytes) noexcept {
    ErrnoSaver saver;
    const iovec local = {into, into_bytes};
    const ssize_t got = process_vm_readv(getpid(), &local, 1, pieces, count, 0);
    return got < 0 && errno == EFAULT ? 0 : got;
}

PageTable::PageTable() noexcept : file_(-1), can_tell_(false) {
    ErrnoSaver saver;
    file_ = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    PageRun run = {};
    const uintptr_t page = reinterpret_cast<uintptr_t>(&run) & kPageMask;
    can_tell_ = file_ >= 0 && scan_pages(file_, page, page + kPageBytes, run) == 1;
}

PageTable::~PageTable() {
    ErrnoSaver saver;
    if (file_ >= 0) {
        close(file_);
    }
}

bool PageTable::find_used(uintptr_t& low, uintptr_t& high) const noexcept {
    ErrnoSaver saver;
    if (!can_tell_) {
        return low < high;
    }
    PageRun run = {};
    if (scan_pages(file_, low & kPageMask, (high + kPageBytes - 1) & kPageMask, run) <= 0) {
        return false;
    }
    low = run.start > low ? run.start : low;
    high = run.end < high ? run.end : high;
    return low < high;
}

}  // namespace dearth::hooks
