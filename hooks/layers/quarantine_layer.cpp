// A ring of freed blocks; see the header.
#include "hooks/layers/quarantine_layer.h"

#include <errno.h>
#include <string.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/fork_locks.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/layers/block_layout.h"
#include "hooks/layers/shown_bytes.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

// Header in front of the data: the size, and how far the data lies behind the allocation's start
// (these 16 bytes, or a whole alignment).
constexpr size_t kHeaderBytes = 16;
// Blocks held at most, whatever their size; 6 MiB of reserve.
constexpr uint64_t kHeldMax = uint64_t{1} << 18;

QuarantineLayer& layer_of(void* ctx) noexcept {
    return *static_cast<QuarantineLayer*>(ctx);
}

size_t size_of(const unsigned char* data) noexcept {
    return load_word(data - kHeaderBytes);
}

size_t lead_of(const unsigned char* data) noexcept {
    return load_word(data - kHeaderBytes / 2);
}

void give_back(QuarantineLayer& layer, const HeldBlock& held) noexcept {
    layer.beneath.free(layer.beneath.ctx, held.data - held.lead_bytes);
}

// True: intact. A damaged block is mended, so that it is reported once.
bool check_held(const QuarantineLayer& layer, const HeldBlock& held) noexcept {
    if (is_filled_with(held.data, held.size_bytes, layer.dead_byte)) {
        return true;
    }
    const Damage damage = find_damage(held.data, held.size_bytes, layer.dead_byte, false);
    dearth_misuse misuse = {};
    misuse.kind = DEARTH_MISUSE_USE_AFTER_FREE;
    misuse.domain = layer.domain;
    misuse.block_domain = layer.domain;
    misuse.address = reinterpret_cast<uint64_t>(held.data);
    misuse.distance_bytes = static_cast<int64_t>(damage.nearest_bytes);
    misuse.access = DEARTH_ACCESS_WRITE;
    misuse.changed_bytes = damage.changed_bytes;
    const ShownEdge edge = {held.data + damage.nearest_bytes,
                            held.size_bytes - damage.nearest_bytes, false};
    show_found(misuse, edge);
    memset(held.data, layer.dead_byte, held.size_bytes);
    show_expected(misuse, edge);
    report_misuse(misuse);
    return false;
}

bool pop_oldest(QuarantineLayer& layer, uint64_t limit_bytes, HeldBlock& oldest) noexcept {
    SpinLockScope scope(layer.lock);
    const uint64_t count = layer.end - layer.first;
    if (count == 0 || (layer.held_bytes <= limit_bytes && count < kHeldMax)) {
        return false;
    }
    oldest = layer.ring[layer.first++ % kHeldMax];
    layer.held_bytes -= oldest.size_bytes + oldest.lead_bytes;
    return true;
}

void release_down_to(QuarantineLayer& layer, uint64_t limit_bytes) noexcept {
    HeldBlock oldest;
    while (pop_oldest(layer, limit_bytes, oldest)) {
        check_held(layer, oldest);
        give_back(layer, oldest);
    }
}

void hold(QuarantineLayer& layer, unsigned char* data) noexcept {
    const HeldBlock held = {data, size_of(data), lead_of(data)};
    memset(data, layer.dead_byte, held.size_bytes);
    // Another thread may fill the ring between the two sections; then this block is not held.
    release_down_to(layer, layer.limit_bytes);
    bool is_held = false;
    {
        SpinLockScope scope(layer.lock);
        if (layer.end - layer.first < kHeldMax) {
            layer.ring[layer.end++ % kHeldMax] = held;
            layer.held_bytes += held.size_bytes + held.lead_bytes;
            is_held = true;
        }
    }
    if (!is_held) {
        give_back(layer, held);
    }
    release_down_to(layer, layer.limit_bytes);
}

void* finish_made(void* start, size_t size_bytes, size_t lead_bytes) noexcept {
    if (start == nullptr) {
        return nullptr;
    }
    unsigned char* data = static_cast<unsigned char*>(start) + lead_bytes;
    store_word(data - kHeaderBytes, size_bytes);
    store_word(data - kHeaderBytes / 2, lead_bytes);
    return data;
}

// `ask` is the request to the layer beneath; it gets a second try with all we hold given back.
template <typename Ask>
void* make_block(QuarantineLayer& layer, size_t size_bytes, size_t lead_bytes, Ask ask) noexcept {
    size_t total = 0;
    if (!add_sizes(size_bytes, lead_bytes, total)) {
        errno = ENOMEM;
        return nullptr;
    }
    void* start = ask(total);
    if (start == nullptr && layer.end != layer.first) {
        release_down_to(layer, 0);
        start = ask(total);
    }
    return finish_made(start, size_bytes, lead_bytes);
}

void* quarantine_malloc(void* ctx, size_t size_bytes) {
    QuarantineLayer& layer = layer_of(ctx);
    return make_block(layer, size_bytes, kHeaderBytes,
                      [&](size_t total) { return layer.beneath.malloc(layer.beneath.ctx, total); });
}

void* quarantine_calloc(void* ctx, size_t count, size_t element_bytes) {
    QuarantineLayer& layer = layer_of(ctx);
    size_t size_bytes = 0;
    if (!multiply_sizes(count, element_bytes, size_bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    return make_block(layer, size_bytes, kHeaderBytes, [&](size_t total) {
        return layer.beneath.calloc(layer.beneath.ctx, 1, total);
    });
}

void* quarantine_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    QuarantineLayer& layer = layer_of(ctx);
    const size_t lead = alignment < kHeaderBytes ? kHeaderBytes : alignment;
    return make_block(layer, size_bytes, lead, [&](size_t total) {
        return layer.beneath.aligned_alloc(layer.beneath.ctx, alignment, total);
    });
}

void quarantine_free(void* ctx, void* block) {
    if (block != nullptr) {
        hold(layer_of(ctx), static_cast<unsigned char*>(block));
    }
}

void* quarantine_realloc(void* ctx, void* block, size_t size_bytes) {
    if (block == nullptr) {
        return quarantine_malloc(ctx, size_bytes);
    }
    auto* data = static_cast<unsigned char*>(block);
    const size_t old_bytes = size_of(data);
    void* moved = quarantine_malloc(ctx, size_bytes);
    if (moved == nullptr) {
        if (size_bytes > old_bytes) {
            return nullptr;
        }
        store_word(data - kHeaderBytes, size_bytes);
        return block;
    }
    memcpy(moved, block, old_bytes < size_bytes ? old_bytes : size_bytes);
    hold(layer_of(ctx), data);
    return moved;
}

size_t quarantine_block_size(void*, void* block) {
    return size_of(static_cast<unsigned char*>(block));
}

}  // namespace

bool quarantine_layer_open(QuarantineLayer& layer, uint32_t domain, uint64_t limit_bytes,
                           unsigned char dead_byte, const dearth_allocator& beneath,
                           dearth_allocator& top) noexcept {
    layer.ring = static_cast<HeldBlock*>(reserve_pages(kHeldMax * sizeof(HeldBlock)));
    if (layer.ring == nullptr) {
        return false;
    }
    layer.beneath = beneath;
    layer.domain = domain;
    layer.dead_byte = dead_byte;
    layer.limit_bytes = limit_bytes;
    add_fork_lock(layer.lock, LockRank::kQuarantine);
    top = dearth_allocator{&layer,
                           quarantine_malloc,
                           quarantine_calloc,
                           quarantine_realloc,
                           quarantine_free,
                           beneath.aligned_alloc == nullptr ? nullptr : quarantine_aligned_alloc,
                           quarantine_block_size};
    return true;
}

size_t quarantine_check(QuarantineLayer& layer) noexcept {
    // With the lock held: a block that is let go meanwhile must not be read any more.
    SpinLockScope scope(layer.lock);
    size_t damaged = 0;
    for (uint64_t index = layer.first; index < layer.end; ++index) {
        damaged += check_held(layer, layer.ring[index % kHeldMax]) ? 0 : 1;
    }
    return damaged;
}

void quarantine_release(QuarantineLayer& layer) noexcept {
    release_down_to(layer, 0);
}

}  // namespace dearth::hooks
