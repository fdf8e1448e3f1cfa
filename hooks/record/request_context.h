// What a thread is asking for right now. The layer on top writes it on the way in; the layers
// beneath and the reports read it, so that no layer has to know its neighbour. Plain thread-local
// data: it takes no decision and owns nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/schedule.h"

namespace dearth::hooks {

/// Names an interned call stack; 0: none was captured.
using StackId = uint32_t;

struct RequestContext {
    uint64_t serial;        ///< of the request in progress, from 1; 0: nobody numbers requests here
    StackId stack_id;       ///< its call stack
    uint32_t op;            ///< enum dearth_op; DEARTH_OP_COUNT: a free, or no request at all
    uint32_t thread;        ///< number of this thread, from 1; 0: it has made no request yet
    bool has_known_bytes;   ///< a layer above knows the block being freed or resized:
    bool is_known_aligned;  ///< it came from an aligned request
    size_t known_bytes;     ///< its size
    void* caller;           ///< return address of the public entry: where our own frames end
    const void* told_block;  ///< dearth_expect_size: the block concerned, nullptr: none
    size_t told_bytes;
    uint32_t told_domain;
    uint32_t family;  ///< enum dearth_family of the call; whoever sets it sets it back
    /// Return address of a function that forwards to the layers and is to be left out of call
    /// stacks; nullptr: the layers' own caller counts.
    void* forwarded_for;
};

inline constinit thread_local RequestContext request_context = {
    0, 0, DEARTH_OP_COUNT, 0, false, false, 0, nullptr, nullptr, 0, 0, 0, nullptr};

}  // namespace dearth::hooks
