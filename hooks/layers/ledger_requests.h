// The ledger's way with one request, over whatever lies beneath: shared by the layer's table
// (ledger_layer.cpp) and the fused one. Only the usual case is here: what a block's record cannot
// hold, and what is no live block, is for the functions in ledger_layer.cpp.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include "hooks/base/next_place.h"
#include "hooks/layers/block_maker.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/layers/ledger_layer.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

inline constinit bool ledger_keeps_serials = true;

/// Enters a block with all that is known about it.
void ledger_enter_in_full(LedgerLayer& layer, void* block, size_t size_bytes,
                          uint32_t maker) noexcept;

/// Enters a block whose record was struck and held nothing but this.
void ledger_enter_again(LedgerLayer& layer, void* block, size_t size_bytes,
                        uint32_t maker) noexcept;

/// Reports a block that another family of functions made than is called now.
void ledger_report_family(LedgerLayer& layer, void* block, uint64_t size_bytes,
                          uint32_t maker) noexcept;

/// Frees whatever `block` is, or reports it.
void ledger_free_in_full(LedgerLayer& layer, void* block) noexcept;

/// The same for a resize; `block` is not NULL.
void* ledger_realloc_in_full(LedgerLayer& layer, void* block, size_t size_bytes) noexcept;

// Without serials, stacks and places there is little to write down.
inline bool ledger_is_terse() noexcept {
    return !__atomic_load_n(&ledger_keeps_serials, __ATOMIC_RELAXED) &&
           request_context.stack_id == 0 && next_place.file == nullptr;
}

inline bool ledger_enter_short(LedgerLayer& layer, void* block, size_t size_bytes, uint32_t maker,
                               bool is_alone) noexcept {
    if (__builtin_expect(is_alone, 1)) {
        return layer.table.insert_short(reinterpret_cast<uint64_t>(block), size_bytes, maker);
    }
    const SpinLockScope scope(layer.lock, false);
    return layer.table.insert_short(reinterpret_cast<uint64_t>(block), size_bytes, maker);
}

inline LedgerTable::Struck ledger_strike_short(LedgerLayer& layer, void* block,
                                               bool is_alone) noexcept {
    // A caller who told a size wants it compared, which takes the long way.
    if (__builtin_expect(request_context.told_block != nullptr, 0)) {
        return LedgerTable::Struck::kNone;
    }
    if (__builtin_expect(is_alone, 1)) {
        return layer.table.remove_short(reinterpret_cast<uint64_t>(block));
    }
    const SpinLockScope scope(layer.lock, false);
    return layer.table.remove_short(reinterpret_cast<uint64_t>(block));
}

// A block of operator new.
__attribute__((noinline)) inline void ledger_enter_other(LedgerLayer& layer, void* block,
                                                         size_t size_bytes,
                                                         uint32_t maker) noexcept {
    if (!ledger_is_terse() ||
        !ledger_enter_short(layer, block, size_bytes, maker, __libc_single_threaded != 0)) {
        ledger_enter_in_full(layer, block, size_bytes, maker);
    }
}

/// `op` is the entry that was called here, not the context's: the layer may stand alone, and the
/// guards beneath lay out aligned blocks in their own way.
__attribute__((always_inline)) inline void* ledger_enter_made(LedgerLayer& layer, void* block,
                                                              size_t size_bytes,
                                                              uint32_t op) noexcept {
    if (__builtin_expect(block == nullptr, 0)) {
        return nullptr;
    }
    const bool is_alone = __libc_single_threaded != 0;
    count_block_made(size_bytes, is_alone);
    // Told apart here, so that for most blocks the record's bits are known to the compiler.
    if (__builtin_expect(request_context.family != DEARTH_FAMILY_MALLOC, 0)) {
        ledger_enter_other(layer, block, size_bytes, maker_of(op, request_context.family));
    } else if (__builtin_expect(!ledger_is_terse(), 0) ||
               !ledger_enter_short(layer, block, size_bytes, op, is_alone)) {
        ledger_enter_in_full(layer, block, size_bytes, op);
    }
    return block;
}

// Inlined: a second frame for each request shows in the cost of one.
template <typename Below>
__attribute__((always_inline)) inline void* ledger_serve_malloc(LedgerLayer& layer, Below below,
                                                                size_t size_bytes) noexcept {
    return ledger_enter_made(layer, below.make(size_bytes), size_bytes, DEARTH_OP_MALLOC);
}

template <typename Below>
inline void* ledger_serve_calloc(LedgerLayer& layer, Below below, size_t count,
                                 size_t element_bytes) noexcept {
    // If it is served, the product does not wrap.
    return ledger_enter_made(layer, below.make_zeroed(count, element_bytes), count * element_bytes,
                             DEARTH_OP_CALLOC);
}

// Apart, because it is the rarer way through most programs, and the larger one.
template <typename Below>
__attribute__((noinline)) void ledger_release_other(LedgerLayer& layer, Below below, void* block,
                                                    uint64_t size_bytes, uint32_t maker) noexcept {
    if (__builtin_expect(maker_family(maker) != request_context.family, 0)) {
        ledger_report_family(layer, block, size_bytes, maker);
    }
    below.release_known(block, size_bytes, maker_op(maker));
}

template <typename Below>
inline void ledger_serve_free(LedgerLayer& layer, Below below, void* block) noexcept {
    if (block == nullptr) {
        return;
    }
    const bool is_alone = __libc_single_threaded != 0;
    const auto struck = ledger_strike_short(layer, block, is_alone);
    if (__builtin_expect(struck == LedgerTable::Struck::kNone, 0)) {
        ledger_free_in_full(layer, block);
        return;
    }
    const uint64_t size_bytes = LedgerTable::size_of(struck);
    const uint32_t maker = LedgerTable::maker_of(struck);
    count_block_freed(size_bytes, is_alone);
    if (__builtin_expect(!is_plain_maker(maker) || request_context.family != DEARTH_FAMILY_MALLOC,
                         0)) {
        ledger_release_other(layer, below, block, size_bytes, maker);
        return;
    }
    below.release_known(block, size_bytes, DEARTH_OP_MALLOC);
}

template <typename Below>
__attribute__((always_inline)) inline void* ledger_serve_realloc(LedgerLayer& layer, Below below,
                                                                 void* block,
                                                                 size_t size_bytes) noexcept {
    if (block == nullptr) {
        return ledger_enter_made(layer, below.resize(nullptr, size_bytes), size_bytes,
                                 DEARTH_OP_REALLOC);
    }
    // Struck before the call: once it is made, another thread may get the old address.
    const auto struck = ledger_strike_short(layer, block, __libc_single_threaded != 0);
    if (__builtin_expect(struck == LedgerTable::Struck::kNone, 0)) {
        return ledger_realloc_in_full(layer, block, size_bytes);
    }
    const uint64_t old_bytes = LedgerTable::size_of(struck);
    const uint32_t maker = LedgerTable::maker_of(struck);
    if (__builtin_expect(maker_family(maker) != request_context.family, 0)) {
        ledger_report_family(layer, block, old_bytes, maker);
    }
    void* resized = below.resize_known(block, size_bytes, old_bytes, maker_op(maker));
    if (__builtin_expect(resized == nullptr, 0)) {
        ledger_enter_again(layer, block, old_bytes, maker);
        return nullptr;
    }
    count_block_freed(old_bytes, __libc_single_threaded != 0);
    return ledger_enter_made(layer, resized, size_bytes, DEARTH_OP_REALLOC);
}

}  // namespace dearth::hooks
