// Live blocks of one domain, found by address. Nodes lie in one reserved array in the order they
// were first used, freed nodes are used again last-freed first, and buckets are chained: a node
// never moves, nothing is rehashed but four bytes a bucket, and a fork copies only what is in use.
//
// A bucket is chosen by the address with its order kept: blocks that lie together share the
// buckets' cache lines. Chains instead of probing, because probing over keys in order builds runs
// as long as the heap is dense. Not thread-safe: the owner locks.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/record/request_context.h"

namespace dearth::hooks {

struct LiveNode {
    uint64_t address;  ///< 0: the node is free
    uint64_t size_bytes;
    uint64_t serial : 48;
    uint64_t place : 12;  ///< index into the place table; 0: none
    uint64_t op : 4;      ///< enum dearth_op
    StackId stack_id;
    uint32_t next;  ///< in the bucket's chain, or among free nodes; 0 ends it
};
static_assert(sizeof(LiveNode) == 32, "two nodes to a cache line");

class LedgerTable {
public:
    /// False when there are no pages.
    bool open() noexcept;

    /// The node of a live block; nullptr: unknown address.
    const LiveNode* find(uint64_t address) const noexcept {
        uint32_t index = buckets_[bucket_of(address)];
        while (index != 0 && nodes_[index].address != address) {
            index = nodes_[index].next;
        }
        return index == 0 ? nullptr : &nodes_[index];
    }

    /// Enters a block; `node.next` is ours. The address must not be in the table. False: full, the
    /// block is not known from now on.
    bool insert(const LiveNode& node) noexcept {
        uint32_t index = first_free_;
        if (index != 0) {
            first_free_ = nodes_[index].next;
        } else if (used_nodes_ < node_capacity_) {
            index = used_nodes_++;
        } else {
            return false;
        }
        if (++count_ > bucket_mask_) {
            grow_buckets();
        }
        uint32_t& bucket = buckets_[bucket_of(node.address)];
        nodes_[index] = node;
        nodes_[index].next = bucket;
        bucket = index;
        return true;
    }

    /// Strikes a block and tells what stood there; false: unknown address.
    bool remove(uint64_t address, LiveNode& removed) noexcept {
        uint32_t* link = &buckets_[bucket_of(address)];
        while (*link != 0) {
            LiveNode& node = nodes_[*link];
            if (node.address == address) {
                removed = node;
                const uint32_t index = *link;
                *link = node.next;
                node.address = 0;
                node.next = first_free_;
                first_free_ = index;
                --count_;
                return true;
            }
            link = &node.next;
        }
        return false;
    }

    /// Nodes 1 to end_node()-1; those with address 0 are free.
    const LiveNode& node_at(uint32_t index) const noexcept { return nodes_[index]; }
    uint32_t end_node() const noexcept { return used_nodes_; }
    uint64_t count() const noexcept { return count_; }

private:
    uint64_t bucket_of(uint64_t address) const noexcept {
        // The folded high bits move heap regions against each other; inside one region of 16 MiB
        // the order stays.
        return ((address >> 4) ^ (address >> 24) * UINT64_C(0x9E3779B1)) & bucket_mask_;
    }
    void grow_buckets() noexcept;

    LiveNode* nodes_ = nullptr;
    uint32_t* buckets_ = nullptr;
    uint64_t bucket_mask_ = 0;
    uint64_t count_ = 0;
    uint32_t first_free_ = 0;
    uint32_t used_nodes_ = 0;  ///< nodes ever used, and one: index 0 means none
    uint32_t node_capacity_ = 0;
};

}  // namespace dearth::hooks
