// Requests and frees through the page guard; see the header.
#include "hooks/layers/page_guard_layer.h"

#include <errno.h>
#include <string.h>
#include <sys/single_threaded.h>

#include "hooks/base/checked_size.h"
#include "hooks/base/next_place.h"
#include "hooks/base/prng.h"
#include "hooks/layers/block_layout.h"
#include "hooks/layers/page_guard_pool.h"
#include "hooks/layers/page_guard_report.h"
#include "hooks/layers/place_table.h"
#include "hooks/layers/table_below.h"

namespace dearth::hooks {

namespace {

constexpr size_t kAlignmentMax = kUserAlignment;
constexpr uint64_t kHeldBytesUsual = uint64_t{64} << 20;
constexpr uint64_t kHeldBlocksUsual = 65536;
constexpr size_t kUnknownBytes = SIZE_MAX;

// Larger blocks are the layer beneath's, to refuse as it would without us: our pages are reserved
// already, and cost nothing until they are touched.
constexpr size_t kGuardedMax = size_t{1} << 30;

// One byte for the whole pool: a sweep knows no layers.
constinit unsigned char forbidden_byte = 0;

struct Request {
    size_t size_bytes;
    size_t alignment;
    bool is_zeroed;
};

PageGuardLayer& layer_of(void* ctx) noexcept {
    return *static_cast<PageGuardLayer*>(ctx);
}

unsigned char* bytes_at(uintptr_t address) noexcept {
    return reinterpret_cast<unsigned char*>(address);
}

inline bool is_ours(const void* block) noexcept {
    return page_pool.contains(reinterpret_cast<uintptr_t>(block));
}

inline uint64_t serial_of_request(PageGuardLayer& layer) noexcept {
    if (layer.uses_context) {
        return request_context.serial;
    }
    if (__libc_single_threaded != 0) {
        return ++layer.serial;
    }
    return __atomic_add_fetch(&layer.serial, 1, __ATOMIC_RELAXED);
}

// The request of a run of `every` that is taken. Runs count from 0, serials from 1.
uint64_t sample_of_run(const PageGuardLayer& layer, uint64_t run) noexcept {
    return 1 + run * layer.every + random_at(layer.seed, run) % layer.every;
}

uint64_t run_of(const PageGuardLayer& layer, uint64_t serial) noexcept {
    return (serial - 1) / layer.every;
}

// The request may be the one: decides, and says from where on to look again.
__attribute__((noinline)) bool draw(PageGuardLayer& layer, uint64_t serial) noexcept {
    if (layer.every > 1) {
        uint64_t run = run_of(layer, serial);
        const uint64_t sample = sample_of_run(layer, run);
        run += sample <= serial ? 1 : 0;
        __atomic_store_n(&layer.next_sample, sample_of_run(layer, run), __ATOMIC_RELAXED);
        if (sample != serial) {
            return false;
        }
    }
    const uint64_t thinning = page_pool.thinning();
    const bool is_taken = thinning == 1 || random_at(layer.seed, serial) % thinning == 0;
    if (!is_taken) {
        __atomic_add_fetch(&layer.unguarded, 1, __ATOMIC_RELAXED);
    }
    return is_taken;
}

// Almost always false where only a sample is taken: two loads and a comparison.
inline bool is_wanted(PageGuardLayer& layer) noexcept {
    const uint64_t serial = serial_of_request(layer);
    return serial >= __atomic_load_n(&layer.next_sample, __ATOMIC_RELAXED) && draw(layer, serial);
}

// Where in its slot a block lies: as far back as its alignment lets it, or at the front.
uintptr_t place_block(const PageGuardLayer& layer, const GuardedSlot& slot,
                      const Request& request) noexcept {
    return layer.is_front
               ? align_up(page_pool.data_start(slot), request.alignment)
               : (page_pool.data_end(slot) - request.size_bytes) & ~(request.alignment - 1);
}

uint32_t pages_of_block(uintptr_t address, size_t size_bytes) noexcept {
    const uintptr_t first = address & ~(uintptr_t{kPageBytes} - 1);
    return size_bytes == 0 ? 0
                           : static_cast<uint32_t>(
                                 (align_up(address + size_bytes, kPageBytes) - first) / kPageBytes);
}

void fill_pages(const PageGuardLayer& layer, const GuardedSlot& slot, bool is_zeroed) noexcept {
    if (slot.open_pages == 0) {
        return;
    }
    const uintptr_t first = slot.address & ~(uintptr_t{kPageBytes} - 1);
    const uintptr_t end = first + slot.open_pages * kPageBytes;
    const uintptr_t block_end = slot.address + slot.size_bytes;
    memset(bytes_at(first), layer.forbidden, slot.address - first);
    if (!is_zeroed) {
        memset(bytes_at(slot.address), layer.clean, slot.size_bytes);
    }
    memset(bytes_at(block_end), layer.forbidden, end - block_end);
}

void* count_unguarded(PageGuardLayer& layer) noexcept {
    __atomic_add_fetch(&layer.unguarded, 1, __ATOMIC_RELAXED);
    return nullptr;
}

// nullptr: there is no room for it in the pool; errno is kept.
void* make_guarded(PageGuardLayer& layer, const Request& request) noexcept {
    if (request.size_bytes > kGuardedMax) {
        return count_unguarded(layer);
    }
    const size_t whole =
        request.size_bytes == 0 ? 1 : align_up(request.size_bytes, kPageBytes) / kPageBytes;
    const size_t shift = request.alignment > kPageBytes ? request.alignment / kPageBytes : 0;
    bool is_open = false;
    GuardedSlot* slot = page_pool.take(whole + shift, request.size_bytes != 0, is_open);
    if (slot == nullptr) {
        return count_unguarded(layer);
    }
    slot->address = place_block(layer, *slot, request);
    slot->size_bytes = request.size_bytes;
    slot->open_pages = pages_of_block(slot->address, request.size_bytes);
    if (!is_open && !page_pool.open_block(*slot)) {
        page_pool.put_back(*slot);
        return count_unguarded(layer);
    }
    const RequestContext& context = request_context;
    slot->serial = layer.uses_context ? context.serial : layer.serial;
    slot->stack_id = context.stack_id;
    slot->freed_stack_id = 0;
    slot->domain = static_cast<uint8_t>(layer.domain);
    slot->place = next_place.file == nullptr
                      ? uint16_t{0}
                      : static_cast<uint16_t>(place_number(next_place.file, next_place.line));
    fill_pages(layer, *slot, request.is_zeroed);
    void* block = bytes_at(slot->address);
    page_pool.publish(*slot);
    return block;
}

// Checked while the slot is busy: nobody else closes it meanwhile.
void release_claimed(PageGuardLayer& layer, GuardedSlot& slot) noexcept {
    page_guard_check_slack(slot, layer.forbidden);
    slot.freed_stack_id = request_context.stack_id;
    page_pool.retire(slot);
}

void* page_guard_malloc(void* ctx, size_t size_bytes) {
    PageGuardLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_wanted(layer), 0)) {
        void* block = make_guarded(layer, Request{size_bytes, layer.alignment, false});
        if (block != nullptr) {
            return block;
        }
    }
    return TableBelow{layer.beneath}.make(size_bytes);
}

void* page_guard_calloc(void* ctx, size_t count, size_t element_bytes) {
    PageGuardLayer& layer = layer_of(ctx);
    size_t size_bytes = 0;
    if (__builtin_expect(is_wanted(layer), 0) && multiply_sizes(count, element_bytes, size_bytes)) {
        void* block = make_guarded(layer, Request{size_bytes, layer.alignment, true});
        if (block != nullptr) {
            return block;
        }
    }
    return TableBelow{layer.beneath}.make_zeroed(count, element_bytes);
}

void* page_guard_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    PageGuardLayer& layer = layer_of(ctx);
    if (__builtin_expect(is_wanted(layer), 0)) {
        const size_t least = alignment < layer.alignment ? layer.alignment : alignment;
        void* block = make_guarded(layer, Request{size_bytes, least, false});
        if (block != nullptr) {
            return block;
        }
    }
    return TableBelow{layer.beneath}.make_aligned(alignment, size_bytes);
}

// With no memory for a copy, a block can still become smaller.
void* shrink_in_place(const PageGuardLayer& layer, GuardedSlot& slot, size_t size_bytes) noexcept {
    memset(bytes_at(slot.address + size_bytes), layer.forbidden, slot.size_bytes - size_bytes);
    slot.size_bytes = size_bytes;
    void* block = bytes_at(slot.address);
    page_pool.publish(slot);
    return block;
}

void* resize_guarded(PageGuardLayer& layer, void* block, size_t size_bytes) noexcept {
    const auto address = reinterpret_cast<uintptr_t>(block);
    GuardedSlot* slot = nullptr;
    if (!page_pool.claim(address, layer.domain, slot)) {
        page_guard_report_wrong_pointer(address, layer.domain);
        errno = ENOMEM;
        return nullptr;
    }
    void* moved = make_guarded(layer, Request{size_bytes, layer.alignment, false});
    if (moved == nullptr) {
        moved = TableBelow{layer.beneath}.make(size_bytes);
    }
    if (moved == nullptr) {
        if (size_bytes <= slot->size_bytes) {
            return shrink_in_place(layer, *slot, size_bytes);
        }
        page_pool.publish(*slot);
        return nullptr;
    }
    memcpy(moved, block, size_bytes < slot->size_bytes ? size_bytes : slot->size_bytes);
    release_claimed(layer, *slot);
    return moved;
}

// Size of a block of the layer beneath, if anybody knows it.
size_t size_beneath(const PageGuardLayer& layer, void* block) noexcept {
    if (layer.uses_context && request_context.has_known_bytes) {
        return request_context.known_bytes;
    }
    return layer.beneath.block_size == nullptr ? kUnknownBytes
                                               : layer.beneath.block_size(layer.beneath.ctx, block);
}

// A sampled realloc brings a block up from the layer beneath: in many programs the blocks that
// overflow are those that grow.
void* move_up(PageGuardLayer& layer, void* block, size_t size_bytes) noexcept {
    const size_t old_bytes = size_beneath(layer, block);
    if (old_bytes == kUnknownBytes) {
        return nullptr;
    }
    void* moved = make_guarded(layer, Request{size_bytes, layer.alignment, false});
    if (moved != nullptr) {
        memcpy(moved, block, size_bytes < old_bytes ? size_bytes : old_bytes);
        TableBelow{layer.beneath}.release(block);
    }
    return moved;
}

void* page_guard_realloc(void* ctx, void* block, size_t size_bytes) {
    PageGuardLayer& layer = layer_of(ctx);
    if (block == nullptr) {
        return page_guard_malloc(ctx, size_bytes);
    }
    const bool is_wanted_here = is_wanted(layer);
    if (is_ours(block)) {
        return resize_guarded(layer, block, size_bytes);
    }
    if (__builtin_expect(is_wanted_here, 0)) {
        void* moved = move_up(layer, block, size_bytes);
        if (moved != nullptr) {
            return moved;
        }
    }
    return TableBelow{layer.beneath}.resize(block, size_bytes);
}

void page_guard_free(void* ctx, void* block) {
    PageGuardLayer& layer = layer_of(ctx);
    if (__builtin_expect(!is_ours(block), 1)) {
        TableBelow{layer.beneath}.release(block);
        return;
    }
    const auto address = reinterpret_cast<uintptr_t>(block);
    GuardedSlot* slot = nullptr;
    if (page_pool.claim(address, layer.domain, slot)) {
        release_claimed(layer, *slot);
    } else {
        page_guard_report_wrong_pointer(address, layer.domain);
    }
}

size_t page_guard_block_size(void* ctx, void* block) {
    const PageGuardLayer& layer = layer_of(ctx);
    if (!is_ours(block)) {
        return layer.beneath.block_size(layer.beneath.ctx, block);
    }
    const auto address = reinterpret_cast<uintptr_t>(block);
    const GuardedSlot* slot = page_pool.find(address);
    return slot != nullptr && slot->address == address ? slot->size_bytes : 0;
}

}  // namespace

bool page_guard_options_are_valid(const dearth_layer_options& options) noexcept {
    const uint32_t alignment = options.page_guard_alignment;
    return options.page_guard_way <= DEARTH_PAGES_PROTECTION &&
           options.page_guard_side <= DEARTH_SIDE_FRONT &&
           (alignment == 0 || (is_power_of_two(alignment) && alignment <= kAlignmentMax)) &&
           options.clean_byte <= UINT8_MAX && options.forbidden_byte <= UINT8_MAX;
}

bool page_guard_prepare(const dearth_layer_options& options) noexcept {
    const PagePoolLimits limits = {
        static_cast<dearth_page_way>(options.page_guard_way),
        options.page_guard_held_bytes == 0 ? kHeldBytesUsual : options.page_guard_held_bytes,
        options.page_guard_held_blocks == 0 ? kHeldBlocksUsual : options.page_guard_held_blocks};
    return page_pool.open(limits);
}

void page_guard_layer_open(PageGuardLayer& layer, uint32_t domain,
                           const dearth_layer_options& options, const dearth_allocator& beneath,
                           dearth_allocator& top) noexcept {
    layer.beneath = beneath;
    layer.domain = domain;
    layer.is_front = options.page_guard_side == DEARTH_SIDE_FRONT;
    layer.clean = static_cast<unsigned char>(options.clean_byte);
    layer.forbidden = static_cast<unsigned char>(options.forbidden_byte);
    layer.alignment =
        options.page_guard_alignment == 0 ? kUserAlignment : options.page_guard_alignment;
    layer.every = options.page_guard_every == 0 ? 1 : options.page_guard_every;
    layer.seed = options.page_guard_seed;
    layer.next_sample = layer.every == 1 ? 0 : sample_of_run(layer, 0);
    forbidden_byte = layer.forbidden;
    if (!page_guard_prepare(options)) {
        layer.next_sample = UINT64_MAX;
    }
    top = dearth_allocator{&layer,
                           page_guard_malloc,
                           page_guard_calloc,
                           page_guard_realloc,
                           page_guard_free,
                           beneath.aligned_alloc == nullptr ? nullptr : page_guard_aligned_alloc,
                           beneath.block_size == nullptr ? nullptr : page_guard_block_size};
}

bool page_guard_is_sampled(const PageGuardLayer& layer, uint64_t serial) noexcept {
    return layer.every == 1 || sample_of_run(layer, run_of(layer, serial)) == serial;
}

PageGuardRange page_guard_range() noexcept {
    return PageGuardRange{page_pool.start(), page_pool.size_bytes(), kGranuleBytes};
}

bool page_guard_owns(const void* address) noexcept {
    return is_ours(address);
}

size_t page_guard_check() noexcept {
    size_t damaged = 0;
    page_pool.for_each_live([&](const GuardedSlot& slot) {
        damaged += page_guard_check_slack(slot, forbidden_byte) ? 0 : 1;
    });
    return damaged;
}

}  // namespace dearth::hooks
