// Records for a range of addresses where blocks lie far apart: at most one starts in each spacing.
// There, the ledger's shadow of the heap would take a page of memory for each block; here it is 32
// bytes. A freed block's record stays until its place is used again. Not thread-safe: the owner
// locks.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hooks/layers/ledger_node.h"

namespace dearth::hooks {

/// Where such blocks lie. Zero: nowhere.
struct SparseRange {
    uint64_t start;
    uint64_t size_bytes;
    uint64_t spacing_bytes;  ///< at most 64 KiB
};

class SparseLedger {
public:
    /// Once. False: there are no pages, and nothing is covered.
    bool open(const SparseRange& range) noexcept;

    bool covers(uint64_t address) const noexcept {
        return address - range_.start < range_.size_bytes;
    }

    /// The four below are for covered addresses. They do what LedgerTable's functions do.
    bool find(uint64_t address, LedgerNode& found) const noexcept;
    bool insert(const LedgerNode& node) noexcept;
    bool remove(uint64_t address, StackId freed_stack_id, LedgerNode& removed) noexcept;

    template <typename Visit>
    bool for_each(Visit visit) const noexcept {
        for (uint64_t index = 0; index < used_; ++index) {
            LedgerNode node;
            if (read(index, node) && !visit(node)) {
                return false;
            }
        }
        return true;
    }

private:
    struct Record {
        uint64_t size_bytes;
        uint64_t serial;
        StackId stack_id;
        StackId freed_stack_id;
        uint16_t offset;  ///< of the block within its spacing
        uint16_t place;
        uint8_t maker;
        bool is_live;
        bool was_made;
    };
    static_assert(sizeof(Record) == 32);

    uint64_t index_of(uint64_t address) const noexcept {
        return (address - range_.start) / range_.spacing_bytes;
    }
    bool read(uint64_t index, LedgerNode& node) const noexcept;

    SparseRange range_ = {};
    Record* records_ = nullptr;
    uint64_t used_ = 0;  ///< no record from here on was ever written
};

}  // namespace dearth::hooks
