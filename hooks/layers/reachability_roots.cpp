// Where the search begins: mapping by mapping, between the blocks that lie in them; see the header.
#include <sys/single_threaded.h>

#include "hooks/base/mapped_pages.h"
#include "hooks/base/memory_map.h"
#include "hooks/base/other_threads.h"
#include "hooks/layers/address_range.h"
#include "hooks/layers/reachability.h"

namespace dearth::hooks {

namespace {

// Deeper than any of our own calls: on a stack that is not the first thread's, whose end nobody
// tells us, so much below the target's frame is taken for dead.
constexpr size_t kOwnDepth = size_t{64} << 10;
constexpr size_t kThreadsMax = 1024;
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
        const bool is_small =
            gap_end - position < kLargeRange && (position >= dead_high_ || gap_end <= dead_low_);
        if (is_small) {
            take_small_gap(word_up(position), word_down(gap_end), high);
        } else {
            take_range(position, gap_end);
        }
        position = gap_end;
    }
}

// There is one behind every block: they are read with what lies between them.
void Reachability::take_small_gap(uintptr_t low, uintptr_t high, uintptr_t range_high) noexcept {
    if (low >= high) {
        return;
    }
    if (low < window_low_ || high > window_high_) {
        const iovec piece = {reinterpret_cast<void*>(low), least(range_high - low, kLargeRange)};
        const ssize_t got = read_pieces(&piece, 1, window_, kLargeRange);
        window_low_ = low;
        window_high_ = low + (got > 0 ? static_cast<size_t>(got) : 0);
    }
    if (high <= window_high_) {
        take_words(window_ + (low - window_low_) / sizeof(AnyWord), (high - low) / sizeof(AnyWord));
    } else {
        take_readable(low, high);
    }
}

}  // namespace dearth::hooks
