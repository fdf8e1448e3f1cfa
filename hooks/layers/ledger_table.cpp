// Memory of the table; see the header.
#include "hooks/layers/ledger_table.h"

#include "hooks/base/mapped_pages.h"

namespace dearth::hooks {

namespace {
// Live blocks a domain can have, tried in turn: a target with a limited address space gets a
// smaller table. The first is 2 GiB of reserve.
constexpr uint32_t kNodeCapacities[] = {1u << 26, 1u << 23, 1u << 20, 1u << 16};
constexpr uint64_t kFirstBuckets = 4096;
}  // namespace

bool LedgerTable::open() noexcept {
    if (nodes_ != nullptr) {
        return true;
    }
    buckets_ = static_cast<uint32_t*>(map_pages(kFirstBuckets * sizeof(uint32_t)));
    if (buckets_ == nullptr) {
        return false;
    }
    bucket_mask_ = kFirstBuckets - 1;
    for (const uint32_t capacity : kNodeCapacities) {
        nodes_ = static_cast<LiveNode*>(reserve_pages(capacity * sizeof(LiveNode)));
        if (nodes_ != nullptr) {
            node_capacity_ = capacity;
            used_nodes_ = 1;
            return true;
        }
    }
    unmap_pages(buckets_, kFirstBuckets * sizeof(uint32_t));
    buckets_ = nullptr;
    return false;
}

// Without pages for more buckets the chains grow longer: slow, not wrong.
void LedgerTable::grow_buckets() noexcept {
    const uint64_t old_count = bucket_mask_ + 1;
    auto* buckets = static_cast<uint32_t*>(map_pages(old_count * 4 * sizeof(uint32_t)));
    if (buckets == nullptr) {
        return;
    }
    unmap_pages(buckets_, old_count * sizeof(uint32_t));
    buckets_ = buckets;
    bucket_mask_ = old_count * 4 - 1;
    for (uint32_t index = 1; index < used_nodes_; ++index) {
        LiveNode& node = nodes_[index];
        if (node.address != 0) {
            uint32_t& bucket = buckets_[bucket_of(node.address)];
            node.next = bucket;
            bucket = index;
        }
    }
}

}  // namespace dearth::hooks
