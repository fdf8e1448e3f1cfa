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

BENCHMARK(bare_pair)->Arg(32)->Arg(256);
BENCHMARK(wrapped_pair)->Arg(32)->Arg(256);
BENCHMARK(armed_pair)->Arg(32);
BENCHMARK(bare_live_set)->Arg(1000)->Arg(100000);
BENCHMARK(wrapped_live_set)->Arg(1000)->Arg(100000);

}  // namespace

BENCHMARK_MAIN();
