// Laws of the layers: random operations against a model heap, through every layer alone and all of
// them stacked. Contents, alignment and errno are the model's business; here: no report without
// misuse, nothing left behind, failures only where injected.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "dearth/guard.h"
#include "hooks/layers/base_layer.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/layers/guard_layer.h"
#include "hooks/layers/heap_totals.h"
#include "hooks/layers/ledger_layer.h"
#include "hooks/layers/page_guard_layer.h"
#include "hooks/layers/page_guard_pool.h"
#include "hooks/layers/quarantine_layer.h"
#include "hooks/record/page_writer.h"
#include "tests/support/heap_model.h"

namespace rc {
template <>
struct Arbitrary<dearth::tests::HeapOperation> {
    static Gen<dearth::tests::HeapOperation> arbitrary() {
        using dearth::tests::HeapOperation;
        // Sizes around the layers' own: empty, one word, a guard, an erased edge, pages.
        const auto sizes =
            gen::weightedOneOf<std::size_t>({{4, gen::inRange<std::size_t>(0, 40)},
                                             {4, gen::inRange<std::size_t>(40, 300)},
                                             {1, gen::inRange<std::size_t>(4000, 9000)}});
        return gen::build<HeapOperation>(
            gen::set(&HeapOperation::kind,
                     gen::map(gen::inRange(0, static_cast<int>(HeapOperation::kKindCount)),
                              [](int kind) { return static_cast<HeapOperation::Kind>(kind); })),
            gen::set(&HeapOperation::slot, gen::inRange(0u, 32u)),
            gen::set(&HeapOperation::size_bytes, sizes),
            gen::set(&HeapOperation::alignment_shift, gen::inRange(0u, 6u)));
    }
};
}  // namespace rc

namespace dearth::tests {

void showValue(const HeapOperation& operation, std::ostream& out) {
    static const char* const kNames[] = {"malloc", "calloc", "realloc", "aligned", "free"};
    out << kNames[operation.kind] << " slot " << operation.slot << " size " << operation.size_bytes
        << " shift " << operation.alignment_shift;
}

}  // namespace dearth::tests

namespace dearth::hooks {
namespace {

using tests::HeapModel;
using tests::HeapOperation;
using Operations = std::vector<HeapOperation>;

constexpr uint32_t kDomain = DEARTH_DOMAIN_MEM;

// Layers of one stack, with the life of the program, as their locks need it.
struct TestStack {
    QuarantineLayer quarantine;
    GuardLayer guard;
    PageGuardLayer page_guard;
    LedgerLayer ledger;
    FaultLayer fault;
};

enum Layers : unsigned {
    kFault = 1,
    kLedger = 2,
    kGuard = 4,
    kQuarantine = 8,
    kPageGuard = 16,
    kAll = 31
};

TestStack stack = {};

dearth_allocator open_stack(unsigned layers, uint64_t quarantine_bytes) {
    stack = TestStack{};
    dearth_layer_options options;
    dearth_guard_default_options(&options);
    options.page_guard_side = *rc::gen::inRange(0u, 2u);
    options.page_guard_every = *rc::gen::inRange(1u, 5u);
    options.page_guard_seed = *rc::gen::arbitrary<uint64_t>();
    options.page_guard_held_blocks = *rc::gen::inRange(1u, 50u);
    dearth_allocator top = libc_allocator();
    if ((layers & kQuarantine) != 0) {
        RC_ASSERT(quarantine_layer_open(stack.quarantine, kDomain, quarantine_bytes, 0xDD,
                                        dearth_allocator{top}, top));
    }
    if ((layers & kGuard) != 0) {
        stack.guard.uses_context = (layers & kLedger) != 0;
        stack.guard.is_dead_fill_beneath = (layers & kQuarantine) != 0;
        guard_layer_open(stack.guard, kDomain, options, dearth_allocator{top}, top);
    }
    if ((layers & kPageGuard) != 0) {
        stack.page_guard.uses_context = (layers & kFault) != 0;
        page_guard_layer_open(stack.page_guard, kDomain, options, dearth_allocator{top}, top);
    }
    if ((layers & kLedger) != 0) {
        RC_ASSERT(ledger_layer_open(stack.ledger, kDomain, false, dearth_allocator{top}, top));
    }
    if ((layers & kFault) != 0) {
        fault_layer_open(stack.fault, kDomain, dearth_allocator{top}, libc_allocator(), top);
    }
    return top;
}

void run_model(const Operations& operations, unsigned layers, bool must_succeed) {
    static dearth_trial_slot slot;
    slot = {};
    attach_slot(&slot);
    const HeapTotals before = read_heap_totals();
    HeapModel model(open_stack(layers, 2000), must_succeed);
    for (const HeapOperation& operation : operations) {
        RC_ASSERT(model.apply(operation) == std::string{});
        if ((layers & kLedger) != 0) {
            RC_ASSERT(read_heap_totals().live_blocks - before.live_blocks == model.live_blocks());
            RC_ASSERT(read_heap_totals().live_bytes - before.live_bytes == model.live_bytes());
        }
    }
    RC_ASSERT(model.release_all() == std::string{});
    if ((layers & kLedger) != 0) {
        RC_ASSERT(ledger_leftovers(0, nullptr, nullptr, 0) == 0u);
    }
    if ((layers & kPageGuard) != 0) {
        RC_ASSERT(page_guard_check() == 0u);
        RC_ASSERT(page_pool.counts().live == 0u);
    }
    quarantine_release(stack.quarantine);
    RC_ASSERT(slot.misuse_count == 0u);
    attach_slot(nullptr);
}

void disarm_for_good() {
    set_schedule(nullptr);
    set_phase(DEARTH_PHASE_RUN);
}

RC_GTEST_PROP(BaseLayerLaw, IsAHeap, (const Operations& operations)) {
    run_model(operations, 0, true);
}

RC_GTEST_PROP(GuardLayerLaw, IsAHeap, (const Operations& operations)) {
    run_model(operations, kGuard, true);
}

RC_GTEST_PROP(LedgerLayerLaw, IsAHeapAndKeepsTheBooks, (const Operations& operations)) {
    run_model(operations, kLedger, true);
}

RC_GTEST_PROP(QuarantineLayerLaw, IsAHeap, (const Operations& operations)) {
    run_model(operations, kQuarantine, true);
}

RC_GTEST_PROP(PageGuardLayerLaw, IsAHeap, (const Operations& operations)) {
    run_model(operations, kPageGuard, true);
}

RC_GTEST_PROP(FaultLayerLaw, UnarmedIsAHeap, (const Operations& operations)) {
    disarm_for_good();
    run_model(operations, kFault, true);
}

RC_GTEST_PROP(LayersLaw, AnyStackIsAHeap, (const Operations& operations)) {
    disarm_for_good();
    run_model(operations, *rc::gen::inRange(0u, kAll + 1u), true);
}

// Failing requests must leave every layer's books and every block's bytes right.
RC_GTEST_PROP(LayersLaw, SurvivesAnyFaults, (const Operations& operations)) {
    dearth_schedule schedule = {};
    schedule.term_count = 1;
    dearth_term_default(&schedule.terms[0]);
    schedule.terms[0].selector = DEARTH_SELECT_PROBABILITY;
    schedule.terms[0].probability_ppb = 300000000;
    schedule.terms[0].seed = *rc::gen::arbitrary<uint64_t>();
    set_schedule(&schedule);
    set_phase(DEARTH_PHASE_RUN);
    run_model(operations, kAll, false);
}

}  // namespace
}  // namespace dearth::hooks
