// What each layer adds to a malloc/free pair, against the same table without it. Goal: the fault
// layer alone at most 5 ns with nothing armed and 10 ns with an armed nth schedule. The domains
// differ so that one process can hold several stacks; layers are chosen once a process, by the
// environment, because dearth_start keeps them: DEARTH_BENCHMARK_LAYERS=fault|ledger|guard|full.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "dearth/guard.h"
#include "dearth/install.h"
#include "hooks/layers/base_layer.h"
#include "hooks/layers/ledger_layer.h"
#include "hooks/layers/page_guard_layer.h"
#include "hooks/layers/reachability.h"

namespace {

uint32_t chosen_layers() {
    const char* text = std::getenv("DEARTH_BENCHMARK_LAYERS");
    uint32_t layers = DEARTH_LAYER_FAULT;
    if (text != nullptr && std::strcmp(text, "ledger") == 0) {
        layers |= DEARTH_LAYER_LEDGER;
    } else if (text != nullptr && std::strcmp(text, "guard") == 0) {
        layers |= DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD;
    } else if (text != nullptr && std::strcmp(text, "full") == 0) {
        layers |= DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD | DEARTH_LAYER_STACKS;
    }
    return layers;
}

const dearth_allocator& wrapped_allocator(const dearth_schedule* schedule) {
    static dearth_allocator wrapped = {};
    dearth_layer_options options;
    dearth_guard_default_options(&options);
    options.layers = chosen_layers();
    if (dearth_start(&options, schedule) != 0) {
        std::abort();
    }
    if (wrapped.malloc == nullptr &&
        dearth_wrap(DEARTH_DOMAIN_RAW, &dearth::hooks::libc_allocator(), &wrapped) != 0) {
        std::abort();
    }
    dearth_enter_phase(DEARTH_PHASE_RUN);
    return wrapped;
}

void run_pairs(benchmark::State& state, dearth_allocator allocator) {
    const auto size_bytes = static_cast<size_t>(state.range(0));
    benchmark::DoNotOptimize(allocator);
    for (auto _ : state) {
        void* block = allocator.malloc(allocator.ctx, size_bytes);
        benchmark::DoNotOptimize(block);
        allocator.free(allocator.ctx, block);
    }
}

// A heap of some age: blocks are freed in another order than they were made.
void run_live_set(benchmark::State& state, dearth_allocator allocator) {
    std::vector<void*> blocks(static_cast<size_t>(state.range(0)), nullptr);
    uint64_t draw = 1;
    for (auto _ : state) {
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        void*& block = blocks[(draw >> 33) % blocks.size()];
        allocator.free(allocator.ctx, block);
        block = allocator.malloc(allocator.ctx, 16 + ((draw >> 40) & 127));
    }
    for (void* block : blocks) {
        allocator.free(allocator.ctx, block);
    }
}

void bare_pair(benchmark::State& state) {
    run_pairs(state, dearth::hooks::libc_allocator());
}

void wrapped_pair(benchmark::State& state) {
    run_pairs(state, wrapped_allocator(nullptr));
}

void armed_pair(benchmark::State& state) {
    dearth_schedule schedule = {};
    schedule.term_count = 1;
    dearth_term_default(&schedule.terms[0]);
    schedule.terms[0].selector = DEARTH_SELECT_RANGE;
    schedule.terms[0].first = UINT64_MAX;
    schedule.terms[0].last = UINT64_MAX;
    run_pairs(state, wrapped_allocator(&schedule));
}

void bare_live_set(benchmark::State& state) {
    run_live_set(state, dearth::hooks::libc_allocator());
}

void wrapped_live_set(benchmark::State& state) {
    run_live_set(state, wrapped_allocator(nullptr));
}

// The page guard alone over libc; its pool is one for the process. Goal for a sample of one in
// 1,000: a tenth of the bare pair's time.
dearth_allocator page_guarded(uint32_t domain, uint32_t every) {
    static dearth::hooks::PageGuardLayer layers[DEARTH_DOMAIN_COUNT];
    dearth_layer_options options;
    dearth_guard_default_options(&options);
    options.page_guard_every = every;
    dearth_allocator top = {};
    layers[domain] = {};
    dearth::hooks::page_guard_layer_open(layers[domain], domain, options,
                                         dearth::hooks::libc_allocator(), top);
    return top;
}

void page_guarded_pair(benchmark::State& state) {
    run_pairs(state, page_guarded(DEARTH_DOMAIN_RAW, 1));
}

void sampled_pair(benchmark::State& state) {
    run_pairs(state, page_guarded(DEARTH_DOMAIN_MEM, 1000));
}

void page_guarded_live_set(benchmark::State& state) {
    run_live_set(state, page_guarded(DEARTH_DOMAIN_RAW, 1));
}

// Every byte of a block is read and written: what lies a page apart misses caches and tables.
void run_touches(benchmark::State& state, dearth_allocator allocator) {
    constexpr size_t kBytes = 64;
    std::vector<unsigned char*> blocks(static_cast<size_t>(state.range(0)));
    for (unsigned char*& block : blocks) {
        block = static_cast<unsigned char*>(allocator.calloc(allocator.ctx, 1, kBytes));
    }
    for (auto _ : state) {
        for (unsigned char* block : blocks) {
            for (size_t index = 0; index < kBytes; ++index) {
                ++block[index];
            }
        }
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    for (unsigned char* block : blocks) {
        allocator.free(allocator.ctx, block);
    }
}

void bare_touches(benchmark::State& state) {
    run_touches(state, dearth::hooks::libc_allocator());
}

void page_guarded_touches(benchmark::State& state) {
    run_touches(state, page_guarded(DEARTH_DOMAIN_RAW, 1));
}

struct ListNode {
    ListNode* next;
    unsigned char rest[88];
};
ListNode* list_root = nullptr;

const dearth_allocator& ledger_alone() {
    static dearth::hooks::LedgerLayer layer;
    static dearth_allocator top = {};
    if (top.malloc == nullptr &&
        !dearth::hooks::ledger_layer_open(layer, DEARTH_DOMAIN_OBJECT, false,
                                          dearth::hooks::libc_allocator(), top)) {
        std::abort();
    }
    return top;
}

// One list of all blocks, the longest way there is. Items: blocks looked into. Goal: 100 MB of them
// in well under a second.
void lost_block_search(benchmark::State& state) {
    const dearth_allocator& allocator = ledger_alone();
    for (int64_t index = 0; index < state.range(0); ++index) {
        auto* node = static_cast<ListNode*>(allocator.calloc(allocator.ctx, 1, sizeof(ListNode)));
        node->next = list_root;
        list_root = node;
    }
    for (auto _ : state) {
        dearth::hooks::Reachability reachability;
        const dearth::hooks::ScanStart start = dearth::hooks::scan_start_here();
        if (!reachability.search(start, DEARTH_ROOT_ANONYMOUS) || reachability.is_lost(list_root)) {
            state.SkipWithError("the search fails");
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    while (list_root != nullptr) {
        ListNode* next = list_root->next;
        allocator.free(allocator.ctx, list_root);
        list_root = next;
    }
}

BENCHMARK(bare_pair)->Arg(32)->Arg(256);
BENCHMARK(wrapped_pair)->Arg(32)->Arg(256);
BENCHMARK(armed_pair)->Arg(32);
BENCHMARK(bare_live_set)->Arg(1000)->Arg(100000);
BENCHMARK(wrapped_live_set)->Arg(1000)->Arg(100000);
BENCHMARK(page_guarded_pair)->Arg(32)->Arg(256)->Arg(65536);
BENCHMARK(sampled_pair)->Arg(32)->Arg(256);
BENCHMARK(page_guarded_live_set)->Arg(1000)->Arg(100000);
BENCHMARK(bare_touches)->Arg(1000)->Arg(30000);
BENCHMARK(page_guarded_touches)->Arg(1000)->Arg(30000);
BENCHMARK(lost_block_search)->Arg(1000)->Arg(30000)->Arg(1000000);

}  // namespace

BENCHMARK_MAIN();
