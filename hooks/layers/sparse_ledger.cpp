// Arithmetic on addresses; see the header.
#include "hooks/layers/sparse_ledger.h"

#include "hooks/base/mapped_pages.h"

namespace dearth::hooks {

bool SparseLedger::open(const SparseRange& range) noexcept {
    if (records_ != nullptr || range.size_bytes == 0) {
        return records_ != nullptr;
    }
    const uint64_t count = range.size_bytes / range.spacing_bytes;
    records_ = static_cast<Record*>(reserve_pages(count * sizeof(Record)));
    if (records_ != nullptr) {
        range_ = range;
    }
    return records_ != nullptr;
}

bool SparseLedger::read(uint64_t index, LedgerNode& node) const noexcept {
    const Record& record = records_[index];
    if (!record.was_made) {
        return false;
    }
    node.address = range_.start + index * range_.spacing_bytes + record.offset;
    node.size_bytes = record.size_bytes;
    node.serial = record.serial;
    node.stack_id = record.stack_id;
    node.freed_stack_id = record.freed_stack_id;
    node.place = record.place;
    node.maker = record.maker;
    node.is_live = record.is_live;
    return true;
}

bool SparseLedger::find(uint64_t address, LedgerNode& found) const noexcept {
    // A record that was never written is not read either: that would cost a page.
    const uint64_t index = index_of(address);
    return index < used_ && read(index, found) && found.address == address;
}

bool SparseLedger::insert(const LedgerNode& node) noexcept {
    const uint64_t index = index_of(node.address);
    if (index < used_ && records_[index].is_live) {
        return false;
    }
    used_ = index < used_ ? used_ : index + 1;
    Record& record = records_[index];
    record.size_bytes = node.size_bytes;
    record.serial = node.serial;
    record.stack_id = node.stack_id;
    record.freed_stack_id = 0;
    record.offset = static_cast<uint16_t>((node.address - range_.start) % range_.spacing_bytes);
    record.place = static_cast<uint16_t>(node.place);
    record.maker = static_cast<uint8_t>(node.maker);
    record.is_live = true;
    record.was_made = true;
    return true;
}

bool SparseLedger::remove(uint64_t address, StackId freed_stack_id, LedgerNode& removed) noexcept {
    if (!find(address, removed) || !removed.is_live) {
        return false;
    }
    Record& record = records_[index_of(address)];
    record.is_live = false;
    record.freed_stack_id = freed_stack_id;
    return true;
}

}  // namespace dearth::hooks
