// What a ledger knows of one block: the form in which its tables take and tell it.
#pragma once

#include <stdint.h>

#include "hooks/record/request_context.h"

namespace dearth::hooks {

struct LedgerNode {
    uint64_t address;
    uint64_t size_bytes;
    uint64_t serial;
    StackId stack_id;
    StackId freed_stack_id;  ///< 0 while the block is alive, or unknown
    uint32_t place;          ///< index into the place table; 0: none
    uint32_t maker;          ///< see block_maker.h
    bool is_live;
};

}  // namespace dearth::hooks
