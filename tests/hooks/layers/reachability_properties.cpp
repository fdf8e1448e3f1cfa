// Random graphs of blocks against a search in a model of the graph, which knows numbers and no
// addresses; and the index of blocks against a linear look-up.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "hooks/layers/block_index.h"
#include "tests/hooks/layers/hidden_blocks.h"

namespace dearth::hooks {
namespace {

using tests::Hidden;

constexpr size_t kRootsMax = 4;
uint64_t roots_of_graph[kRootsMax];

struct Edge {
    size_t from;
    size_t to;
    size_t word;
    size_t within;
};

// Sizes are multiples of 16, so that libc's own pointers to the edges of its chunks never look like
// pointers into a block.
constexpr size_t kWords[] = {2, 4, 6, 32, 10000};

std::vector<bool> reached_in_model(size_t count, const std::vector<size_t>& roots,
                                   const std::vector<std::vector<size_t>>& pointers) {
    std::vector<bool> is_reached(count);
    std::vector<size_t> open = roots;
    while (!open.empty()) {
        const size_t block = open.back();
        open.pop_back();
        if (is_reached[block]) {
            continue;
        }
        is_reached[block] = true;
        for (const size_t to : pointers[block]) {
            if (to != SIZE_MAX) {
                open.push_back(to);
            }
        }
    }
    return is_reached;
}

RC_GTEST_PROP(ReachabilityProperty, FindsWhatASearchOfTheGraphFinds, ()) {
    const auto shapes = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, std::size(kWords))));
    const size_t count = shapes.size();
    const auto block = rc::gen::inRange<size_t>(0, count);
    const auto edges = *rc::gen::container<std::vector<Edge>>(rc::gen::construct<Edge>(
        block, block, rc::gen::inRange<size_t>(0, 20000), rc::gen::inRange<size_t>(0, 80000)));
    const auto roots = *rc::gen::resize(kRootsMax, rc::gen::container<std::vector<size_t>>(block));
    tests::HiddenBlocks heap;
    std::vector<Hidden> blocks;
    std::vector<std::vector<size_t>> pointers;
    for (const size_t shape : shapes) {
        blocks.push_back(heap.make(kWords[shape] * 8));
        pointers.emplace_back(kWords[shape], SIZE_MAX);
    }
    for (const Edge& edge : edges) {
        const size_t word = edge.word % kWords[shapes[edge.from]];
        heap.point(blocks[edge.from], word * 8, blocks[edge.to],
                   edge.within % (kWords[shapes[edge.to]] * 8));
        pointers[edge.from][word] = edge.to;
    }
    std::vector<size_t> model_roots;
    for (size_t root = 0; root < kRootsMax; ++root) {
        roots_of_graph[root] = 0;
        if (root < roots.size()) {
            tests::keep(roots_of_graph[root], blocks[roots[root]], root);
            model_roots.push_back(roots[root]);
        }
    }
    tests::HiddenSearch reachability;
    const bool is_done = tests::search_from_here(reachability);
    const std::vector<bool> is_reached = reached_in_model(count, model_roots, pointers);
    std::vector<bool> is_found;
    for (const Hidden hidden : blocks) {
        is_found.push_back(!reachability.is_lost(hidden));
        heap.release(hidden);
    }
    RC_ASSERT(is_done);
    RC_ASSERT(is_found == is_reached);
}

RC_GTEST_PROP(BlockIndexProperty, FindsTheBlockThatALinearLookUpFinds, ()) {
    // Runs of blocks, as regions of a ledger come: each run ascends, the runs do not.
    const auto gaps = *rc::gen::container<std::vector<std::pair<size_t, size_t>>>(rc::gen::pair(
        rc::gen::inRange<size_t>(0, 3000),
        rc::gen::weightedOneOf<size_t>(
            {{8, rc::gen::inRange<size_t>(0, 200)}, {1, rc::gen::inRange<size_t>(0, 3'000'000)}})));
    const auto runs = *rc::gen::inRange<size_t>(1, 6);
    std::vector<IndexedBlock> blocks;
    uintptr_t next = 0x7f0000000000;
    for (const auto& [gap, size_bytes] : gaps) {
        blocks.push_back({next + gap * 16, size_bytes});
        next = blocks.back().start + (size_bytes + 32) / 16 * 16;
    }
    BlockIndex index;
    RC_ASSERT(index.reserve(blocks.size()));
    for (size_t run = 0; run < runs; ++run) {
        for (size_t place = runs - 1 - run; place < blocks.size(); place += runs) {
            index.add(blocks[place].start, blocks[place].size_bytes);
        }
    }
    RC_ASSERT(index.sort());
    RC_ASSERT(index.map_pages_to_blocks());
    for (uint32_t place = 0; place < blocks.size(); ++place) {
        const IndexedBlock& block = blocks[place];
        RC_ASSERT(index.at(place).start == block.start);
        RC_ASSERT(index.find(block.start) == place);
        RC_ASSERT(index.first_from(block.start) == place);
        const size_t last = block.size_bytes == 0 ? 0 : block.size_bytes - 1;
        RC_ASSERT(index.find(block.start + last) == place);
        RC_ASSERT(index.find(block.start + last / 2) == place);
        RC_ASSERT(index.find(block.start - 1) == BlockIndex::kNone);
        const uint32_t behind = block.size_bytes == 8 ? place : BlockIndex::kNone;
        RC_ASSERT(index.find(block.start + last + 1) == behind);
    }
    RC_ASSERT(index.find(0) == BlockIndex::kNone);
    RC_ASSERT(index.find(UINTPTR_MAX) == BlockIndex::kNone);
}

}  // namespace
}  // namespace dearth::hooks
