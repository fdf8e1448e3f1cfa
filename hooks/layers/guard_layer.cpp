// Requests and frees through the guards; the public form of the layer alone is in guard_wrap.cpp.
#include "hooks/layers/guard_layer.h"

#include <sys/single_threaded.h>

#include "hooks/layers/guard_requests.h"
#include "hooks/layers/table_below.h"
#include "hooks/record/request_context.h"

namespace dearth::hooks {

namespace {

constexpr size_t kGuardBytesMax = 4096;

// The largest alignment whose lead fits its 4 bytes in the header; far above any page size.
constexpr size_t kLeadMax = size_t{1} << 34;

// Head and tail of a block that are made dead while a realloc may move it. As much as CPython.
constexpr size_t kErasedBytes = 64;

GuardLayer& layer_of(void* ctx) noexcept {
    return *static_cast<GuardLayer*>(ctx);
}

unsigned char* bytes_of(void* block) noexcept {
    return static_cast<unsigned char*>(block);
}

uint64_t next_serial(GuardLayer& layer) noexcept {
    if (layer.uses_context) {
        return request_context.serial;
    }
    if (__libc_single_threaded != 0) {
        return ++layer.serial;
    }
    return __atomic_add_fetch(&layer.serial, 1, __ATOMIC_RELAXED);
}

// Alone, the layer is the entry: reports need to know what was called and from where.
inline void note_call(const GuardLayer& layer, uint32_t op, void* caller) noexcept {
    if (!layer.uses_context) {
        request_context.op = op;
        request_context.caller = caller;
    }
}

inline KnownBlock known_block(const GuardLayer& layer) noexcept {
    const RequestContext& context = request_context;
    return layer.uses_context && context.has_known_bytes
               ? KnownBlock{true, context.is_known_aligned, context.known_bytes}
               : KnownBlock{};
}

// Nothing lies in the first pages, and every header is a row of words: such pointers are wrong
// without a look.
inline bool is_readable_guess(const void* block) noexcept {
    const auto address = reinterpret_cast<uintptr_t>(block);
    return address % alignof(uint64_t) == 0 && address >= 2 * kGuardBytesMax;
}

GuardedBlock examine(GuardLayer& layer, void* block) noexcept {
    const KnownBlock known = known_block(layer);
    if (!known.is_known && !is_readable_guess(block)) {
        dearth_misuse misuse = {};
        misuse.kind = DEARTH_MISUSE_INVALID_FREE;
        misuse.address = reinterpret_cast<uint64_t>(block);
        misuse.block_domain = layer.domain;
        guard_report(layer, misuse);
        return GuardedBlock{false, true, 0, 0, false};
    }
    return examine_block(layer, bytes_of(block), known);
}

inline void* make_block(GuardLayer& layer, size_t size_bytes) noexcept {
    const auto serial = [&layer] { return next_serial(layer); };
    return guard_serve_malloc(layer.layout, TableBelow{layer.beneath}, serial, size_bytes);
}

inline void release_block(GuardLayer& layer, unsigned char* block,
                          const GuardedBlock& found) noexcept {
    guard_release(layer.layout, TableBelow{layer.beneath}, !layer.is_dead_fill_beneath, block,
                  found);
}

void* guard_malloc(void* ctx, size_t size_bytes) {
    GuardLayer& layer = layer_of(ctx);
    note_call(layer, DEARTH_OP_MALLOC, __builtin_return_address(0));
    return make_block(layer, size_bytes);
}

void* guard_calloc(void* ctx, size_t count, size_t element_bytes) {
    GuardLayer& layer = layer_of(ctx);
    note_call(layer, DEARTH_OP_CALLOC, __builtin_return_address(0));
    const auto serial = [&layer] { return next_serial(layer); };
    return guard_serve_calloc(layer.layout, TableBelow{layer.beneath}, serial, count,
                              element_bytes);
}

void* guard_aligned_alloc(void* ctx, size_t alignment, size_t size_bytes) {
    GuardLayer& layer = layer_of(ctx);
    note_call(layer, DEARTH_OP_ALIGNED, __builtin_return_address(0));
    size_t total = 0;
    if (alignment > kLeadMax) {
        return guard_fail();
    }
    alignment = alignment < kUserAlignment ? kUserAlignment : alignment;
    const size_t lead = align_up(layer.layout.before_bytes, alignment);
    if (!guard_total_of(layer.layout, lead + kLeadFieldBytes, size_bytes, total)) {
        return guard_fail();
    }
    void* start = layer.beneath.aligned_alloc(layer.beneath.ctx, alignment, total);
    if (start == nullptr) {
        return nullptr;
    }
    unsigned char* block = bytes_of(start) + lead;
    write_guards(layer.layout, block, size_bytes, aligned_letter_word(layer.layout, lead),
                 next_serial(layer));
    store_big_endian(block + size_bytes + layer.layout.after_bytes + layer.layout.serial_bytes,
                     lead);
    fill_words(block, layer.layout.clean_word, size_bytes);
    return block;
}

// The old block looks dead while the layer beneath may move it: whoever kept a pointer into it
// finds dead bytes. What is overwritten is kept here and put back.
class ErasedBlock {
public:
    ErasedBlock(const BlockLayout& layout, unsigned char* block, size_t size_bytes) noexcept
        : size_bytes_(size_bytes),
          head_bytes_(size_bytes < kErasedBytes ? size_bytes : kErasedBytes),
          tail_bytes_(size_bytes - head_bytes_ < kErasedBytes ? size_bytes - head_bytes_
                                                              : kErasedBytes) {
        unsigned char* tail = block + size_bytes - tail_bytes_;
        memcpy(head_, block, head_bytes_);
        memcpy(tail_, tail, tail_bytes_);
        fill_words(block - layout.before_bytes, layout.dead_word,
                   layout.before_bytes + head_bytes_);
        fill_words(tail, layout.dead_word, tail_bytes_ + layout.after_bytes + layout.serial_bytes);
    }

    /// Puts back what belongs into the first `kept_bytes` of the block.
    void restore(unsigned char* block, size_t kept_bytes) const noexcept {
        memcpy(block, head_, head_bytes_ < kept_bytes ? head_bytes_ : kept_bytes);
        const size_t tail_start = size_bytes_ - tail_bytes_;
        if (kept_bytes > tail_start) {
            const size_t left = kept_bytes - tail_start;
            memcpy(block + tail_start, tail_, left < tail_bytes_ ? left : tail_bytes_);
        }
    }

private:
    size_t size_bytes_;
    size_t head_bytes_;
    size_t tail_bytes_;
    unsigned char head_[kErasedBytes];
    unsigned char tail_[kErasedBytes];
};

void* resize_in_layer_beneath(GuardLayer& layer, unsigned char* block, size_t old_bytes,
                              size_t size_bytes, size_t total) noexcept {
    const BlockLayout& layout = layer.layout;
    const uint64_t old_serial =
        layout.serial_bytes == 0 ? 0 : load_big_endian(block + old_bytes + layout.after_bytes);
    const ErasedBlock erased(layout, block, old_bytes);
    void* start = layer.beneath.realloc(layer.beneath.ctx, block - layout.before_bytes, total);
    const bool is_resized = start != nullptr;
    unsigned char* resized = is_resized ? bytes_of(start) + layout.before_bytes : block;
    const size_t now_bytes = is_resized ? size_bytes : old_bytes;
    erased.restore(resized, now_bytes < old_bytes ? now_bytes : old_bytes);
    write_guards(layer.layout, resized, now_bytes, layout.letter_word,
                 is_resized ? next_serial(layer) : old_serial);
    if (now_bytes > old_bytes) {
        fill_words(resized + old_bytes, layout.clean_word, now_bytes - old_bytes);
    }
    return is_resized ? resized : nullptr;
}

// An aligned block's lead differs from an ordinary one's, so the layer beneath cannot resize it.
void* move_block(GuardLayer& layer, unsigned char* block, const GuardedBlock& found,
                 size_t size_bytes) noexcept {
    void* moved = make_block(layer, size_bytes);
    if (moved != nullptr) {
        memcpy(moved, block, size_bytes < found.size_bytes ? size_bytes : found.size_bytes);
        release_block(layer, block, found);
    }
    return moved;
}

void* guard_realloc(void* ctx, void* block, size_t size_bytes) {
    GuardLayer& layer = layer_of(ctx);
    note_call(layer, DEARTH_OP_REALLOC, __builtin_return_address(0));
    if (block == nullptr) {
        return make_block(layer, size_bytes);
    }
    const GuardedBlock found = examine(layer, block);
    size_t total = 0;
    if (!found.is_usable ||
        !guard_total_of(layer.layout, layer.layout.before_bytes, size_bytes, total)) {
        return guard_fail();
    }
    if (found.is_aligned) {
        return move_block(layer, bytes_of(block), found, size_bytes);
    }
    return resize_in_layer_beneath(layer, bytes_of(block), found.size_bytes, size_bytes, total);
}

void guard_free(void* ctx, void* block) {
    GuardLayer& layer = layer_of(ctx);
    if (block == nullptr) {
        return;
    }
    note_call(layer, DEARTH_OP_COUNT, __builtin_return_address(0));
    const KnownBlock known = known_block(layer);
    GuardedBlock found = {true, false, 0, layer.layout.before_bytes, false};
    if ((!known.is_known && !is_readable_guess(block)) ||
        !is_plainly_intact(layer.layout, bytes_of(block), known, found.size_bytes)) {
        found = examine(layer, block);
    }
    if (found.is_usable) {
        release_block(layer, bytes_of(block), found);
    }
}

size_t guard_block_size(void* ctx, void* block) {
    return load_big_endian(bytes_of(block) - layer_of(ctx).layout.before_bytes);
}

}  // namespace

bool guard_options_are_valid(const dearth_layer_options& options) noexcept {
    return options.guard_before_bytes >= kFrontMin &&
           options.guard_before_bytes <= kGuardBytesMax &&
           options.guard_before_bytes % kUserAlignment == 0 &&
           options.guard_after_bytes >= kRearMin && options.guard_after_bytes <= kGuardBytesMax &&
           options.clean_byte <= UINT8_MAX && options.dead_byte <= UINT8_MAX &&
           options.forbidden_byte <= UINT8_MAX;
}

void guard_layer_open(GuardLayer& layer, uint32_t domain, const dearth_layer_options& options,
                      const dearth_allocator& beneath, dearth_allocator& top) noexcept {
    layer.beneath = beneath;
    layer.domain = domain;
    layer.layout = make_layout(options.guard_before_bytes, options.guard_after_bytes,
                               static_cast<unsigned char>(options.clean_byte),
                               static_cast<unsigned char>(options.dead_byte),
                               static_cast<unsigned char>(options.forbidden_byte),
                               domain_letter(domain), layer.writes_serials ? kSerialFieldBytes : 0);
    top = dearth_allocator{
        &layer,          guard_malloc,
        guard_calloc,    guard_realloc,
        guard_free,      beneath.aligned_alloc == nullptr ? nullptr : guard_aligned_alloc,
        guard_block_size};
}

bool guard_check(GuardLayer& layer, void* block, size_t size_bytes, bool is_aligned) noexcept {
    return !examine_block(layer, bytes_of(block), KnownBlock{true, is_aligned, size_bytes})
                .is_damaged;
}

}  // namespace dearth::hooks
