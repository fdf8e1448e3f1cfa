// Roots and the search from them; see the header.
#include "hooks/layers/reachability.h"

#include <string.h>
#include <sys/single_threaded.h>

#include "hooks/base/mapped_pages.h"
#include "hooks/base/memory_map.h"
#include "hooks/base/other_threads.h"
#include "hooks/layers/ledger_layer.h"

namespace dearth::hooks {

namespace {

constexpr size_t kWordsBytes = size_t{256} << 10;
// From here on it pays to ask which pages were ever used.
constexpr size_t kLargeRange = size_t{64} << 10;
// Deeper than any of our own calls: on a stack that is not the first thread's, whose end nobody
// tells us, so much below the target's frame is taken for dead.
constexpr size_t kOwnDepth = size_t{64} << 10;
constexpr size_t kThreadsMax = 1024;
// Most that is read at once of a mapping whose untouched pages the kernel does not tell apart.
constexpr size_t kBlindMax = size_t{1} << 30;

constexpr uintptr_t word_up(uintptr_t address) noexcept {
    return (address + 7) & ~uintptr_t{7};
}
constexpr uintptr_t word_down(uintptr_t address) noexcept {
    return address & ~uintptr_t{7};
}
constexpr uintptr_t least(uintptr_t left, uintptr_t right) noexcept {
    return left < right ? left : right;
}
constexpr uintptr_t most(uintptr_t left, uintptr_t right) noexcept {
    return left < right ? right : left;
}

// All of the ledger, and nobody else meanwhile.
class LedgersHeld {
public:
    LedgersHeld() noexcept : is_alone_(__libc_single_threaded != 0) {
        for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT && !is_alone_; ++domain) {
            if (LedgerLayer* layer = ledger_of(domain); layer != nullptr) {
                layer->lock.lock();
            }
        }
    }
    ~LedgersHeld() {
        for (uint32_t domain = DEARTH_DOMAIN_COUNT; domain > 0 && !is_alone_; --domain) {
            if (LedgerLayer* layer = ledger_of(domain - 1); layer != nullptr) {
                layer->lock.unlock();
            }
        }
    }
    LedgersHeld(const LedgersHeld&) = delete;
    LedgersHeld& operator=(const LedgersHeld&) = delete;

private:
    bool is_alone_;
};

template <typename Visit>
void for_each_node(Visit visit) noexcept {
    for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        if (const LedgerLayer* layer = ledger_of(domain); layer != nullptr) {
            layer->table.for_each([&](const LedgerNode& node) {
                visit(node);
                return true;
            });
        }
    }
}

// Blocks of a sorted index as they come up while a position only rises; they may overlap.
class Cover {
public:
    Cover(const BlockIndex& index, uintptr_t from) noexcept
        : index_(index), next_(index.first_from(from)) {
        if (next_ > 0) {
            covered_to_ = index.at(next_ - 1).start + index.at(next_ - 1).size_bytes;
        }
    }
    // Where what covers `position` ends; `position` itself: nothing does.
    uintptr_t end_at(uintptr_t position) noexcept {
        while (next_ < index_.count() && index_.at(next_).start <= position) {
            covered_to_ = most(covered_to_, index_.at(next_).start + index_.at(next_).size_bytes);
            ++next_;
        }
        return most(position, covered_to_);
    }
    uintptr_t next_start() const noexcept {
        return next_ < index_.count() ? index_.at(next_).start : UINTPTR_MAX;
    }

private:
    const BlockIndex& index_;
    uint32_t next_;
    uintptr_t covered_to_ = 0;
};

bool find_heap(void* ctx, const Mapping& mapping) noexcept {
    auto& heap = *static_cast<PageRange*>(ctx);
    if (mapping.is_heap) {
        heap = PageRange{mapping.low, mapping.high};
    }
    return !mapping.is_heap;
}

uintptr_t own_thread_data() noexcept {
    return reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
}

}  // namespace

// What the search for roots knows, mapping by mapping.
struct Reachability::Search {
    Reachability& reachability;
    const ScanStart& start;
    bool takes_all;     ///< every private, writable mapping
    uintptr_t* stacks;  ///< of other threads
    size_t stack_count;
    uintptr_t data_end;  ///< of the last file's data, where its zeroed part may follow

    static void note_thread(void* ctx, const OtherThread& thread) noexcept {
        auto& search = *static_cast<Search*>(ctx);
        search.reachability.take_words(thread.arguments, thread.argument_count);
        if (thread.stack_pointer == 0 || search.stack_count == kThreadsMax) {
            // Its stack is in one of the anonymous mappings, and only it knows in which.
            search.takes_all = true;
            return;
        }
        search.stacks[search.stack_count++] = thread.stack_pointer;
    }

    static bool note_mapping(void* ctx, const Mapping& mapping) noexcept {
        auto& search = *static_cast<Search*>(ctx);
        search.take(mapping);
        return true;
    }

    bool holds(const Mapping& mapping, uintptr_t address) const noexcept {
        return mapping.low <= address && address < mapping.high;
    }

    // A stack's part in use, in a mapping that is no root otherwise.
    uintptr_t lowest_stack(const Mapping& mapping) const noexcept {
        uintptr_t lowest = holds(mapping, start.stack_pointer) ? start.stack_pointer : mapping.high;
        for (size_t index = 0; index < stack_count; ++index) {
            if (holds(mapping, stacks[index])) {
                lowest = least(lowest, stacks[index]);
            }
        }
        return lowest;
    }

    void take(const Mapping& mapping) noexcept {
        const bool is_zeroed_data = !mapping.is_file && mapping.low == data_end;
        if (mapping.is_file) {
            data_end = mapping.high;
        }
        if (!mapping.is_readable || !mapping.is_writable || mapping.is_shared) {
            return;
        }
        if (holds(mapping, start.stack_pointer)) {
            Reachability& found = reachability;
            const uint32_t place = found.live_.find(start.stack_pointer);
            found.dead_high_ = start.stack_pointer;
            found.dead_low_ = mapping.is_stack ? mapping.low
                              : place != BlockIndex::kNone
                                  ? found.live_.at(place).start
                                  : most(mapping.low, start.stack_pointer -
                                                          least(start.stack_pointer, kOwnDepth));
        }
        const bool is_whole = takes_all || mapping.is_file || is_zeroed_data || mapping.is_heap ||
                              mapping.is_stack || holds(mapping, own_thread_data());
        const uintptr_t low = is_whole ? mapping.low : lowest_stack(mapping);
        take_but_own(low, mapping.high);
    }

    void take_but_own(uintptr_t low, uintptr_t high) noexcept {
        while (low < high) {
            const PageRange own = find_own_pages(low, high);
            const uintptr_t end = own.low == 0 ? high : own.low;
            if (low < end) {
                reachability.take_gaps(low, end);
            }
            low = own.low == 0 ? high : own.high;
        }
    }
};

Reachability::~Reachability() {
    unmap_pages(is_found_, live_.count());
    unmap_pages(found_, live_.count() * sizeof(*found_));
    unmap_pages(words_, kWordsBytes);
}

bool Reachability::gather_blocks() noexcept {
    PageRange heap = {0, 0};
    if (!for_each_mapping(&heap, find_heap)) {
        is_refused_ = true;
        return false;
    }
    const auto is_in_heap = [&](const LedgerNode& node) {
        return !node.is_live && node.address >= heap.low && node.address < heap.high;
    };
    size_t live_count = 0;
    size_t freed_count = 0;
    for_each_node([&](const LedgerNode& node) {
        live_count += node.is_live ? 1 : 0;
        freed_count += is_in_heap(node) ? 1 : 0;
    });
    if (!live_.reserve(live_count) || !freed_.reserve(freed_count)) {
        return false;
    }
    for_each_node([&](const LedgerNode& node) {
        if (node.is_live) {
            live_.add(node.address, node.size_bytes);
        } else if (is_in_heap(node)) {
            freed_.add(node.address, node.size_bytes);
        }
    });
    return live_.sort() && freed_.sort() && live_.map_pages_to_blocks();
}

bool Reachability::search(const ScanStart& start, uint32_t roots) noexcept {
    const LedgersHeld held;
    if (!gather_blocks()) {
        return false;
    }
    if (live_.count() == 0) {
        return is_done_ = true;
    }
    is_found_ = static_cast<bool*>(map_pages(live_.count()));
    found_ = static_cast<uint32_t*>(map_pages(live_.count() * sizeof(*found_)));
    words_ = static_cast<uint64_t*>(map_pages(kWordsBytes));
    if (is_found_ == nullptr || found_ == nullptr || words_ == nullptr ||
        !take_roots(start, roots)) {
        return false;
    }
    follow_found();
    is_done_ = !is_refused_;
    return is_done_;
}

bool Reachability::take_roots(const ScanStart& start, uint32_t roots) noexcept {
    auto* stacks = static_cast<uintptr_t*>(map_pages(kThreadsMax * sizeof(uintptr_t)));
    if (stacks == nullptr) {
        return false;
    }
    Search search = {*this, start, (roots & DEARTH_ROOT_ANONYMOUS) != 0, stacks, 0, 0};
    take_words(start.registers, sizeof(start.registers) / sizeof(start.registers[0]));
    if (__libc_single_threaded == 0 && !for_each_other_thread(&search, Search::note_thread)) {
        search.takes_all = true;
    }
    is_refused_ |= !for_each_mapping(&search, Search::note_mapping);
    unmap_pages(stacks, kThreadsMax * sizeof(uintptr_t));
    return !is_refused_;
}

// What lies between the blocks: data that is no block's, and blocks of libc's that passed us by.
void Reachability::take_gaps(uintptr_t low, uintptr_t high) noexcept {
    Cover live(live_, low);
    Cover freed(freed_, low);
    for (uintptr_t position = low; position < high;) {
        const uintptr_t end = most(live.end_at(position), freed.end_at(position));
        if (end > position) {
            position = end;
            continue;
        }
        const uintptr_t gap_end = least(high, least(live.next_start(), freed.next_start()));
        take_range(position, gap_end);
        position = gap_end;
    }
}

void Reachability::take_range(uintptr_t low, uintptr_t high) noexcept {
    low = word_up(low);
    high = word_down(high);
    if (low < dead_high_ && high > dead_low_) {
        take_readable(low, least(high, dead_low_));
        low = most(low, dead_high_);
    }
    if (low >= high || high - low < kLargeRange) {
        take_readable(low, high);
        return;
    }
    if (!page_table_.can_tell() && high - low > kBlindMax) {
        is_refused_ = true;
        return;
    }
    for (uintptr_t from = low; from < high;) {
        uintptr_t used_low = from;
        uintptr_t used_high = high;
        if (!page_table_.find_used(used_low, used_high)) {
            return;
        }
        take_readable(used_low, used_high);
        from = used_high;
    }
}

void Reachability::take_readable(uintptr_t low, uintptr_t high) noexcept {
    while (low < high && !is_refused_) {
        const iovec piece = {reinterpret_cast<void*>(low), least(high - low, kWordsBytes)};
        const ssize_t got = read_pieces(&piece, 1, words_, kWordsBytes);
        if (got < 0) {
            is_refused_ = true;
            return;
        }
        const auto bytes = static_cast<size_t>(got);
        take_words(words_, bytes / sizeof(*words_));
        low += bytes;
        if (bytes < piece.iov_len) {
            low = (low + kPageBytes) & ~(uintptr_t{kPageBytes} - 1);
        }
    }
}

void Reachability::take_words(const uint64_t* words, size_t count) noexcept {
    for (size_t index = 0; index < count; ++index) {
        const uint32_t place = live_.find(words[index]);
        if (place != BlockIndex::kNone && !is_found_[place]) {
            is_found_[place] = true;
            found_[found_count_++] = place;
        }
    }
}

// Small blocks are read together: a system call for each would cost more than all else.
void Reachability::follow_found() noexcept {
    iovec pieces[kPiecesMax];
    while (found_count_ > 0 && !is_refused_) {
        size_t count = 0;
        size_t bytes = 0;
        while (found_count_ > 0 && count < kPiecesMax) {
            const IndexedBlock& block = live_.at(found_[found_count_ - 1]);
            const uintptr_t low = word_up(block.start);
            const uintptr_t high = word_down(block.start + block.size_bytes);
            const bool is_apart =
                high > low && (high - low >= kLargeRange || (low < dead_high_ && high > dead_low_));
            if (!is_apart && high > low && bytes + (high - low) > kWordsBytes) {
                break;
            }
            --found_count_;
            if (is_apart) {
                take_range(low, high);
            } else if (high > low) {
                pieces[count++] = iovec{reinterpret_cast<void*>(low), high - low};
                bytes += high - low;
            }
        }
        follow_pieces(pieces, count, bytes);
    }
}

void Reachability::follow_pieces(const iovec* pieces, size_t count, size_t bytes) noexcept {
    const ssize_t got = count == 0 ? 0 : read_pieces(pieces, count, words_, kWordsBytes);
    if (got < 0) {
        is_refused_ = true;
    } else if (static_cast<size_t>(got) == bytes) {
        take_words(words_, bytes / sizeof(*words_));
    } else {
        for (size_t index = 0; index < count; ++index) {
            const auto low = reinterpret_cast<uintptr_t>(pieces[index].iov_base);
            take_readable(low, low + pieces[index].iov_len);
        }
    }
}

bool Reachability::is_lost(const void* block) const noexcept {
    if (!is_done_) {
        return false;
    }
    const auto start = reinterpret_cast<uintptr_t>(block);
    const uint32_t place = live_.first_from(start);
    return place < live_.count() && live_.at(place).start == start && !is_found_[place];
}

}  // namespace dearth::hooks
