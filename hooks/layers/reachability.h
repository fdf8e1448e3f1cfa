// Which live blocks can still be reached, by a conservative search as LeakSanitizer's: any aligned
// word that holds an address within a block keeps it. Roots are registers, stacks, thread-local
// and global data and, on request, all other memory of the process that is private to it; from
// there the search goes through the blocks themselves. What is not found is lost: no pointer to it
// is left that anybody could follow. Words in our own pages, in freed blocks and in dead parts of
// the caller's stack do not count.
//
// Other threads run on: what one moves from place to place meanwhile may be missed, and of their
// registers only the arguments of the system call that they wait in are seen. Memory is read by way
// of the kernel, so none of it can fault. Only a process with one thread reads its small blocks
// itself, after all of their pages were tried: a system call for each of a list of a million takes
// seconds. The ledger's locks are held: nobody makes or frees blocks meanwhile. Memory: 37 bytes a
// block at most, 1 KiB for each MiB that blocks lie in.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "dearth/ledger.h"
#include "hooks/base/memory_reader.h"
#include "hooks/layers/block_index.h"

namespace dearth::hooks {

/// A word of memory, whatever its owner takes it for.
using AnyWord = uint64_t __attribute__((may_alias));

/// Where the target stands: what lies below in the stack is ours, or dead.
struct ScanStart {
    uintptr_t stack_pointer;
    uint64_t registers[6];  ///< those that a called function must keep
};

/// In the function that the target called, before anything else is, and in one that does hardly
/// more: its frame lies above the start, and must hold nothing that earlier calls left there.
__attribute__((always_inline)) inline ScanStart scan_start_here() noexcept {
    ScanStart start;
    asm volatile(
        "movq %%rsp, %0\n\t"
        "movq %%rbx, %1\n\t"
        "movq %%rbp, %2\n\t"
        "movq %%r12, %3\n\t"
        "movq %%r13, %4\n\t"
        "movq %%r14, %5\n\t"
        "movq %%r15, %6"
        : "=m"(start.stack_pointer), "=m"(start.registers[0]), "=m"(start.registers[1]),
          "=m"(start.registers[2]), "=m"(start.registers[3]), "=m"(start.registers[4]),
          "=m"(start.registers[5]));
    return start;
}

class Reachability {
public:
    Reachability() noexcept = default;
    ~Reachability();
    Reachability(const Reachability&) = delete;
    Reachability& operator=(const Reachability&) = delete;

    /// Searches, once. `roots` is a set of enum dearth_root. False: there are no pages, or the
    /// kernel shows us nothing of ourselves; then no block is known to be lost. errno is kept. This
    /// object names addresses: it must not lie above the start in the stack.
    bool search(const ScanStart& start, uint32_t roots) noexcept;

    /// False also for a block that was made since.
    bool is_lost(const void* block) const noexcept;

    /// After a search that failed: the kernel shows us nothing of ourselves.
    bool is_refused() const noexcept { return is_refused_; }

    size_t block_count() const noexcept { return live_.count(); }

private:
    struct Search;

    bool gather_blocks() noexcept;
    bool take_roots(const ScanStart& start, uint32_t roots) noexcept;
    void take_gaps(uintptr_t low, uintptr_t high) noexcept;
    void take_small_gap(uintptr_t low, uintptr_t high, uintptr_t range_high) noexcept;
    void take_range(uintptr_t low, uintptr_t high) noexcept;
    void take_readable(uintptr_t low, uintptr_t high) noexcept;
    void take_words(const AnyWord* words, size_t count) noexcept;
    bool can_read_blocks() noexcept;
    void follow_found() noexcept;
    void follow_pieces(const iovec* pieces, size_t count, size_t bytes) noexcept;

    BlockIndex live_;
    BlockIndex freed_;  ///< in the heap that brk moves
    PageTable page_table_;
    bool* is_found_ = nullptr;   ///< one a block
    uint32_t* found_ = nullptr;  ///< found, and not searched yet
    size_t found_count_ = 0;
    AnyWord* words_ = nullptr;
    AnyWord* window_ = nullptr;  ///< memory as it was read last, for small gaps
    uintptr_t window_low_ = 0;
    uintptr_t window_high_ = 0;
    bool reads_directly_ = false;  ///< blocks of less than kLargeRange
    bool is_done_ = false;
    uintptr_t dead_low_ = 0;  ///< part of the caller's stack
    uintptr_t dead_high_ = 0;
    bool is_refused_ = false;
};

}  // namespace dearth::hooks
