// The order of layers, top to bottom, and why it is this one:
//
//     fault        on top: a failed request must leave no trace beneath, and the gate for nested
//                  requests must be passed before anything is recorded
//     ledger       above the guards: it judges the pointer before anybody reads in front of it
//     page guard   above the guards: what it takes needs none; what it leaves, or has no room for,
//                  gets those beneath
//     guard        above the quarantine: guards are checked at the free, not when the block leaves
//     quarantine   next to the bottom: what it holds back is freed for everybody above
//     bottom       what the program had installed
//
// Nested requests jump from the gate to the bottom, at malloc and at free alike.
#include "hooks/layers/layer_stack.h"

#include <errno.h>

#include "hooks/base/reentrancy_guard.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/layers/fused_layers.h"
#include "hooks/layers/guard_layer.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/layers/ledger_layer.h"
#include "hooks/layers/page_guard_layer.h"
#include "hooks/layers/page_guard_pool.h"
#include "hooks/layers/quarantine_layer.h"
#include "hooks/record/module_table.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

constexpr uint32_t kAllLayers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD |
                                DEARTH_LAYER_QUARANTINE | DEARTH_LAYER_STACKS |
                                DEARTH_LAYER_FREE_STACKS | DEARTH_LAYER_PAGE_GUARD;

struct DomainStack {
    bool is_wrapped;
    QuarantineLayer quarantine;
    GuardLayer guard;
    PageGuardLayer page_guard;
    LedgerLayer ledger;
    FaultLayer fault;
    FusedLayers fused;
};

struct Stacks {
    bool is_started;
    bool has_wrapped_arenas;
    dearth_layer_options options;
    DomainStack domains[DEARTH_DOMAIN_COUNT];
    ArenaFaultLayer arenas;
};
constinit Stacks stacks = {};

int refuse(int code) noexcept {
    errno = code;
    return -1;
}

bool has_layer(uint32_t layer) noexcept {
    return (stacks.options.layers & layer) != 0;
}

bool asks_for_stacks(const dearth_filter& filter) noexcept {
    return filter.site != 0 || filter.stack[0] != '\0' || filter.module[0] != '\0';
}

// Layers without which the schedule could not do what it says.
uint32_t layers_needed_by(const dearth_schedule& schedule) noexcept {
    uint32_t layers = 0;
    for (uint32_t index = 0; index < schedule.term_count; ++index) {
        const dearth_term& term = schedule.terms[index];
        if (term.action == DEARTH_ACTION_CORRUPT_FRONT ||
            term.action == DEARTH_ACTION_CORRUPT_REAR) {
            layers |= DEARTH_LAYER_GUARD;
        }
        if (term.selector == DEARTH_SELECT_BUDGET) {
            layers |= DEARTH_LAYER_LEDGER;
        }
        if (term.kind == DEARTH_KIND_STICKY || asks_for_stacks(term.when) ||
            asks_for_stacks(term.unless)) {
            layers |= DEARTH_LAYER_STACKS;
        }
    }
    return layers;
}

// Guards that the schedule needs and nobody asked for get the usual layout, and so do the guard
// bytes in a page guard's pages.
void fill_in_guards(dearth_layer_options& options) noexcept {
    if (options.guard_before_bytes == 0 && options.guard_after_bytes == 0) {
        options.guard_before_bytes = static_cast<uint32_t>(kFrontMin);
        options.guard_after_bytes = static_cast<uint32_t>(kRearMin);
        options.clean_byte = 0xCD;
        options.dead_byte = 0xDD;
        options.forbidden_byte = 0xFD;
    }
}

bool schedule_is_valid(const dearth_schedule* schedule) noexcept {
    return schedule == nullptr || schedule->term_count <= DEARTH_TERMS_MAX;
}

bool set_options(const dearth_layer_options& asked, uint32_t needed) noexcept {
    dearth_layer_options options = asked;
    if ((options.layers & ~kAllLayers) != 0 || options.dead_byte > UINT8_MAX) {
        return false;
    }
    if ((needed & DEARTH_LAYER_GUARD & ~options.layers) != 0 ||
        (options.layers & DEARTH_LAYER_PAGE_GUARD) != 0) {
        fill_in_guards(options);
    }
    options.layers |= needed;
    if ((options.layers & DEARTH_LAYER_GUARD) != 0) {
        options.layers |= DEARTH_LAYER_LEDGER;
        if (!guard_options_are_valid(options)) {
            return false;
        }
    }
    if ((options.layers & DEARTH_LAYER_PAGE_GUARD) != 0 && !page_guard_options_are_valid(options)) {
        return false;
    }
    stacks.options = options;
    return true;
}

void check_periodically() noexcept {
    stack_check_blocks();
}

void describe(void*, dearth_misuse& misuse) noexcept {
    ledger_describe(misuse);
}

// Whatever works for the whole process, once the options stand.
void start_services() noexcept {
    const dearth_layer_options& options = stacks.options;
    module_table_prepare();
    set_captures_stacks(has_layer(DEARTH_LAYER_STACKS));
    set_captures_free_stacks(has_layer(DEARTH_LAYER_FREE_STACKS));
    set_aborts_on_misuse(options.aborts_on_misuse != 0);
    const MisuseDescriber describer = {nullptr, describe};
    set_misuse_describer(has_layer(DEARTH_LAYER_LEDGER) ? &describer : nullptr);
    // Without call stacks the layers are lean: serials are kept from the first snapshot on.
    ledger_keep_serials(has_layer(DEARTH_LAYER_STACKS));
    set_periodic_check(options.guard_every, check_periodically);
    if (has_layer(DEARTH_LAYER_PAGE_GUARD)) {
        page_guard_prepare(options);  // without pages: the facts say so, and requests pass
    }
}

bool open_layers(DomainStack& stack, uint32_t domain, const dearth_allocator& bottom,
                 dearth_allocator& top) noexcept {
    const dearth_layer_options& options = stacks.options;
    const bool has_quarantine = has_layer(DEARTH_LAYER_QUARANTINE);
    dearth_allocator below = bottom;
    if (has_quarantine) {
        if (!quarantine_layer_open(stack.quarantine, domain, options.quarantine_bytes,
                                   static_cast<unsigned char>(options.dead_byte), below, top)) {
            return false;
        }
        below = top;
    }
    if (has_layer(DEARTH_LAYER_GUARD)) {
        stack.guard.uses_context = true;
        stack.guard.writes_serials = has_layer(DEARTH_LAYER_STACKS);
        stack.guard.is_dead_fill_beneath = has_quarantine;
        guard_layer_open(stack.guard, domain, options, below, top);
        below = top;
    }
    if (has_layer(DEARTH_LAYER_PAGE_GUARD)) {
        stack.page_guard.uses_context = true;
        page_guard_layer_open(stack.page_guard, domain, options, below, top);
        below = top;
    }
    if (has_layer(DEARTH_LAYER_LEDGER)) {
        if (!ledger_layer_open(stack.ledger, domain, false, below, top)) {
            return false;
        }
        if (has_layer(DEARTH_LAYER_PAGE_GUARD)) {
            const PageGuardRange range = page_guard_range();
            stack.ledger.table.cover_sparsely(
                SparseRange{range.start, range.size_bytes, range.spacing_bytes});
        }
        below = top;
    }
    fault_layer_open(stack.fault, domain, below, bottom, top);
    if (has_layer(DEARTH_LAYER_GUARD) && !has_layer(DEARTH_LAYER_PAGE_GUARD)) {
        stack.fused = FusedLayers{&stack.fault, &stack.ledger, &stack.guard};
        fuse_layers(stack.fused, top);
    }
    return true;
}

struct BlockCheck {
    size_t damaged;
};

void check_live_block(void* ctx, const LiveBlock& block) noexcept {
    GuardLayer& guard = stacks.domains[block.domain].guard;
    if (!page_guard_owns(block.block) &&
        !guard_check(guard, block.block, block.size_bytes, block.op == DEARTH_OP_ALIGNED)) {
        ++static_cast<BlockCheck*>(ctx)->damaged;
    }
}

}  // namespace

int stack_start(const dearth_layer_options* options, const dearth_schedule* schedule) noexcept {
    if (!schedule_is_valid(schedule) || (options == nullptr && !stacks.is_started)) {
        return refuse(EINVAL);
    }
    const uint32_t needed = schedule == nullptr ? 0 : layers_needed_by(*schedule);
    if (stacks.is_started) {
        // Layers under blocks that exist cannot be changed; call stacks can.
        if ((needed & ~(stacks.options.layers | DEARTH_LAYER_STACKS)) != 0) {
            return refuse(EINVAL);
        }
        stacks.options.layers |= needed;
    } else if (!set_options(*options, needed)) {
        return refuse(EINVAL);
    }
    stacks.is_started = true;
    set_schedule(has_layer(DEARTH_LAYER_FAULT) ? schedule : nullptr);
    reset_reported_misuses();
    reset_peak_bytes();
    start_services();
    return 0;
}

const dearth_layer_options& stack_options() noexcept {
    return stacks.options;
}

int stack_wrap(dearth_domain domain, const dearth_allocator* beneath,
               dearth_allocator* wrapped) noexcept {
    const auto index = static_cast<uint32_t>(domain);
    if (!stacks.is_started || index >= DEARTH_DOMAIN_COUNT || beneath == nullptr ||
        wrapped == nullptr || beneath->malloc == nullptr || beneath->calloc == nullptr ||
        beneath->realloc == nullptr || beneath->free == nullptr) {
        return refuse(EINVAL);
    }
    DomainStack& stack = stacks.domains[index];
    if (stack.is_wrapped) {
        return refuse(EBUSY);
    }
    dearth_allocator top = {};
    if (!open_layers(stack, index, *beneath, top)) {
        return refuse(ENOMEM);
    }
    stack.is_wrapped = true;
    *wrapped = top;
    return 0;
}

int stack_wrap_arenas(const dearth_arena_allocator* beneath,
                      dearth_arena_allocator* wrapped) noexcept {
    if (beneath == nullptr || wrapped == nullptr || beneath->alloc == nullptr ||
        beneath->free == nullptr) {
        return refuse(EINVAL);
    }
    if (stacks.has_wrapped_arenas) {
        return refuse(EBUSY);
    }
    stacks.has_wrapped_arenas = true;
    const dearth_arena_allocator copied = *beneath;
    arena_fault_layer_open(stacks.arenas, copied, *wrapped);
    return 0;
}

size_t stack_check_blocks() noexcept {
    ReentrancyGuard guard;
    const uint32_t op = request_context.op;
    request_context.op = DEARTH_OP_COUNT;
    BlockCheck check = {0};
    if (has_layer(DEARTH_LAYER_GUARD)) {
        ledger_walk(&check, check_live_block);
    }
    if (has_layer(DEARTH_LAYER_PAGE_GUARD)) {
        check.damaged += page_guard_check();
    }
    if (has_layer(DEARTH_LAYER_QUARANTINE)) {
        for (DomainStack& stack : stacks.domains) {
            check.damaged += stack.is_wrapped ? quarantine_check(stack.quarantine) : 0;
        }
    }
    request_context.op = op;
    return check.damaged;
}

void stack_read_page_guard_facts(dearth_page_guard_facts& facts) noexcept {
    facts = {};
    if (!has_layer(DEARTH_LAYER_PAGE_GUARD)) {
        return;
    }
    const PagePoolCounts counts = page_pool.counts();
    facts.way = page_pool.way();
    facts.capacity = counts.capacity;
    facts.live = counts.live;
    facts.guarded = counts.served;
    for (const DomainStack& stack : stacks.domains) {
        facts.unguarded += __atomic_load_n(&stack.page_guard.unguarded, __ATOMIC_RELAXED);
    }
}

void stack_read_counters(dearth_counters& counters) noexcept {
    const FaultCounters faults = read_fault_counters();
    const HeapTotals totals = read_heap_totals();
    counters =
        dearth_counters{faults.requests,   faults.injected,   faults.exhausted,  totals.live_blocks,
                        totals.live_bytes, totals.peak_bytes, reported_misuses()};
}

}  // namespace dearth::hooks
