// The blocks, and the search from what is found to what it points to; see the header.
#include "hooks/layers/reachability.h"

#include <string.h>
#include <sys/single_threaded.h>

#include "hooks/base/mapped_pages.h"
#include "hooks/base/memory_map.h"
#include "hooks/layers/address_range.h"
#include "hooks/layers/ledger_layer.h"

namespace dearth::hooks {

namespace {

constexpr size_t kWordsBytes = size_t{256} << 10;
// Most that is read at once of a mapping whose untouched pages the kernel does not tell apart.
constexpr size_t kBlindMax = size_t{1} << 30;

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

bool find_heap(void* ctx, const Mapping& mapping) noexcept {
    auto& heap = *static_cast<PageRange*>(ctx);
    if (mapping.is_heap) {
        heap = PageRange{mapping.low, mapping.high};
    }
    return !mapping.is_heap;
}

}  // namespace

Reachability::~Reachability() {
    unmap_pages(is_found_, live_.count());
    unmap_pages(found_, live_.count() * sizeof(*found_));
    unmap_pages(words_, kWordsBytes);
    unmap_pages(window_, kLargeRange);
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
    words_ = static_cast<AnyWord*>(map_pages(kWordsBytes));
    window_ = static_cast<AnyWord*>(map_pages(kLargeRange));
    if (is_found_ == nullptr || found_ == nullptr || words_ == nullptr || window_ == nullptr ||
        !take_roots(start, roots)) {
        return false;
    }
    reads_directly_ = __libc_single_threaded != 0 && can_read_blocks();
    follow_found();
    is_done_ = !is_refused_;
    return is_done_;
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

void Reachability::take_words(const AnyWord* words, size_t count) noexcept {
    for (size_t index = 0; index < count; ++index) {
        const uint32_t place = live_.find(words[index]);
        if (place != BlockIndex::kNone && !is_found_[place]) {
            is_found_[place] = true;
            found_[found_count_++] = place;
        }
    }
}

// A byte of each page that small blocks lie in. One that is unreadable is rare enough for all of
// them to go the slow way.
bool Reachability::can_read_blocks() noexcept {
    iovec pieces[kPiecesMax];
    size_t count = 0;
    uintptr_t next = 0;  // no page below it is still to be tried
    for (uint32_t place = 0; place < live_.count(); ++place) {
        const IndexedBlock& block = live_.at(place);
        const uintptr_t end = block.start + block.size_bytes;
        for (uintptr_t at = most(block.start, next); at < end && block.size_bytes < kLargeRange;
             at = next) {
            next = (at | (kPageBytes - 1)) + 1;
            pieces[count++] = iovec{reinterpret_cast<void*>(at), 1};
            if (count == kPiecesMax) {
                if (read_pieces(pieces, count, words_, kWordsBytes) != kPiecesMax) {
                    return false;
                }
                count = 0;
            }
        }
    }
    return count == 0 ||
           read_pieces(pieces, count, words_, kWordsBytes) == static_cast<ssize_t>(count);
}

// Small blocks that the kernel reads are read together.
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
            } else if (high > low && reads_directly_) {
                take_words(reinterpret_cast<const AnyWord*>(low), (high - low) / sizeof(AnyWord));
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
