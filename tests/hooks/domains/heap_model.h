// A heap as a map from number to bytes, run beside a real one: contents are kept, blocks are
// aligned and never overlap, zeroed blocks are zero. Errors are thrown as RapidCheck failures.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <vector>

#include "dearth/allocator.h"

namespace dearth::hooks {

struct HeapStep {
    enum class Kind { kMalloc, kCalloc, kRealloc, kFree };
    Kind kind;
    unsigned domain;
    size_t pick;  // which live block; realloc with none makes one
    size_t size_bytes;
    unsigned char fill;
};

// Around the class bounds, around the threshold, and beyond a page.
inline rc::Gen<size_t> any_block_size() {
    return rc::gen::weightedOneOf<size_t>(
        {{6, rc::gen::inRange<size_t>(0, 100)},
         {4, rc::gen::inRange<size_t>(400, 600)},
         {2, rc::gen::elementOf(std::vector<size_t>{0, 1, 16, 17, 32, 511, 512, 513})},
         {1, rc::gen::inRange<size_t>(1000, 6000)}});
}

inline rc::Gen<HeapStep> any_heap_step() {
    using Kind = HeapStep::Kind;
    return rc::gen::exec([] {
        return HeapStep{
            *rc::gen::weightedElement<Kind>(
                {{5, Kind::kMalloc}, {2, Kind::kCalloc}, {4, Kind::kRealloc}, {4, Kind::kFree}}),
            *rc::gen::inRange<unsigned>(0, DEARTH_DOMAIN_COUNT), *rc::gen::arbitrary<size_t>(),
            *any_block_size(), *rc::gen::arbitrary<unsigned char>()};
    });
}

inline rc::Gen<std::vector<HeapStep>> any_heap_steps() {
    return rc::gen::scale(8.0, rc::gen::container<std::vector<HeapStep>>(any_heap_step()));
}

inline void showValue(const HeapStep& step, std::ostream& out) {
    static constexpr const char* kNames[] = {"malloc", "calloc", "realloc", "free"};
    out << kNames[static_cast<int>(step.kind)] << " domain " << step.domain << " size "
        << step.size_bytes;
}

// One domain's real heap and its model. `Heap` has malloc, calloc, realloc and free.
template <typename Heap>
class HeapModel {
public:
    explicit HeapModel(Heap heap) : heap_(heap) {}

    void run(const HeapStep& step) {
        switch (step.kind) {
            case HeapStep::Kind::kMalloc:
                add(heap_.malloc(step.size_bytes), step);
                break;
            case HeapStep::Kind::kCalloc: {
                auto* block = static_cast<unsigned char*>(heap_.calloc(step.size_bytes, 1));
                for (size_t index = 0; index < step.size_bytes; ++index) {
                    RC_ASSERT(block[index] == 0);
                }
                add(block, step);
                break;
            }
            case HeapStep::Kind::kRealloc:
                resize(step);
                break;
            case HeapStep::Kind::kFree:
                if (!blocks_.empty()) {
                    const auto picked = pick(step);
                    check(picked);
                    heap_.free(reinterpret_cast<void*>(picked->first));
                    blocks_.erase(picked);
                }
        }
    }

    void free_all() {
        for (auto each = blocks_.begin(); each != blocks_.end(); ++each) {
            check(each);
        }
        for (const auto& [address, contents] : blocks_) {
            heap_.free(reinterpret_cast<void*>(address));
        }
        blocks_.clear();
    }

    size_t block_count() const { return blocks_.size(); }

private:
    using Blocks = std::map<uintptr_t, std::vector<unsigned char>>;

    typename Blocks::iterator pick(const HeapStep& step) {
        return std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(step.pick % blocks_.size()));
    }

    static void check(typename Blocks::const_iterator block) {
        RC_ASSERT(std::equal(block->second.begin(), block->second.end(),
                             reinterpret_cast<const unsigned char*>(block->first)));
    }

    void add(void* block, const HeapStep& step) {
        const auto address = reinterpret_cast<uintptr_t>(block);
        RC_ASSERT((block != nullptr));
        RC_ASSERT(address % 16 == 0u);
        const auto [place, is_new] =
            blocks_.emplace(address, std::vector<unsigned char>(step.size_bytes, step.fill));
        RC_ASSERT(is_new);
        // A block of zero bytes still has an address of its own.
        if (std::next(place) != blocks_.end()) {
            RC_ASSERT(address + std::max<size_t>(step.size_bytes, 1) <= std::next(place)->first);
        }
        if (place != blocks_.begin()) {
            const auto before = std::prev(place);
            RC_ASSERT(before->first + std::max<size_t>(before->second.size(), 1) <= address);
        }
        std::memset(block, step.fill, step.size_bytes);
    }

    void resize(const HeapStep& step) {
        if (blocks_.empty()) {
            add(heap_.realloc(nullptr, step.size_bytes), step);
            return;
        }
        const auto picked = pick(step);
        const std::vector<unsigned char> before = picked->second;
        void* old = reinterpret_cast<void*>(picked->first);
        blocks_.erase(picked);
        void* block = heap_.realloc(old, step.size_bytes);
        RC_ASSERT((block != nullptr));
        const size_t kept = std::min(before.size(), step.size_bytes);
        RC_ASSERT(std::equal(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(kept),
                             static_cast<const unsigned char*>(block)));
        add(block, step);
    }

    Heap heap_;
    Blocks blocks_;
};

}  // namespace dearth::hooks
