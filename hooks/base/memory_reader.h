// Reads memory of this process that may not be there: the kernel copies it, so a page that is
// unreadable, or goes away meanwhile, is an answer and not a fault. And tells which pages of a
// range were ever written, so that reserved ones need not be read. errno is kept.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

namespace dearth::hooks {

/// Pieces that one call of read_pieces takes.
inline constexpr size_t kPiecesMax = 512;

/// Copies the pieces to `into`, one behind the other. Returns how many bytes there are, which ends
/// at the first unreadable one; -1: the kernel refuses to copy at all.
ssize_t read_pieces(const iovec* pieces, size_t count, void* into, size_t into_bytes) noexcept;

/// The process's page table, as far as PAGEMAP_SCAN (Linux 6.7) shows it.
class PageTable {
public:
    PageTable() noexcept;
    ~PageTable();
    PageTable(const PageTable&) = delete;
    PageTable& operator=(const PageTable&) = delete;

    bool can_tell() const noexcept { return can_tell_; }

    /// Finds the first run of pages in [low, high) that hold something of the process's own: not
    /// untouched, and not a file's page as the file has it. `low` and `high` become that run's;
    /// false: there is none. Where the kernel cannot tell, all of the range is one run.
    bool find_used(uintptr_t& low, uintptr_t& high) const noexcept;

private:
    int file_;
    bool can_tell_;
};

}  // namespace dearth::hooks
