#include "tests/hooks/layers/hidden_blocks.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <new>

#include "hooks/base/mapped_pages.h"
#include "hooks/layers/base_layer.h"
#include "hooks/layers/ledger_layer.h"

namespace dearth::tests {
namespace {

constexpr size_t kReserveBytes = size_t{16} << 30;
dearth_allocator tables[2];

// Never the same address twice: libc's would be one that the test's own machinery has just freed,
// and still has somewhere.
void* make_fresh(void*, size_t count, size_t size_bytes) {
    static char* next = [] {
        void* pages = mmap(nullptr, kReserveBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        EXPECT_NE(pages, MAP_FAILED);
        // Not where the mapping begins: that is also where the one below may end, and ends of
        // mappings are kept in many places.
        return static_cast<char*>(pages) + 4096 + 64;
    }();
    char* block = next;
    next += (count * size_bytes + 31) / 16 * 16;
    return block;
}

void* make_one(void* ctx, size_t size_bytes) {
    return make_fresh(ctx, 1, size_bytes);
}

void* refuse_resize(void*, void*, size_t) {
    return nullptr;
}

void forget(void*, void*) {}

constexpr dearth_allocator kFresh = {nullptr, make_one, make_fresh, refuse_resize,
                                     forget,  nullptr,  nullptr};

bool open_layers() {
    static hooks::LedgerLayer layers[2];  // their locks are on the fork list for good
    return hooks::ledger_layer_open(layers[0], DEARTH_DOMAIN_RAW, false, kFresh, tables[0]) &&
           hooks::ledger_layer_open(layers[1], DEARTH_DOMAIN_MEM, false, hooks::libc_allocator(),
                                    tables[1]);
}

}  // namespace

HiddenBlocks::HiddenBlocks(dearth_domain domain) : table_(&tables[domain]) {
    static const bool is_open = open_layers();
    EXPECT_TRUE(is_open);
}

Hidden HiddenBlocks::make(size_t size_bytes) {
    return ~reinterpret_cast<uint64_t>(table_->calloc(table_->ctx, 1, size_bytes));
}

void HiddenBlocks::release(Hidden hidden) {
    table_->free(table_->ctx, reinterpret_cast<void*>(~hidden));
}

void HiddenBlocks::point(Hidden from, size_t offset, Hidden to, size_t within) {
    const uint64_t word = ~to + within;
    std::memcpy(reinterpret_cast<char*>(~from) + offset, &word, sizeof word);
}

void keep(uint64_t& word, Hidden hidden, size_t within) {
    word = ~hidden + within;
}

HiddenSearch::HiddenSearch()
    : reachability_(new (hooks::map_pages(sizeof(hooks::Reachability))) hooks::Reachability) {}

HiddenSearch::~HiddenSearch() {
    reachability_->~Reachability();
    hooks::unmap_pages(reachability_, sizeof(hooks::Reachability));
}

bool HiddenSearch::from(const hooks::ScanStart& start, uint32_t roots) {
    return reachability_->search(start, roots);
}

bool HiddenSearch::is_lost(Hidden hidden) const {
    return reachability_->is_lost(reinterpret_cast<void*>(~hidden));
}

void wipe_stack() {
    volatile char frame[16384];
    for (size_t index = 0; index < sizeof frame; ++index) {
        frame[index] = 0;
    }
}

}  // namespace dearth::tests
