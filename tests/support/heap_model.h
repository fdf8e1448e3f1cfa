// A heap as a map from slot to bytes: applies operations to a real allocator and to the model and
// says where they differ. Knows nothing of test frameworks, so that properties and fuzzers share
// it.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dearth/allocator.h"

namespace dearth::tests {

struct HeapOperation {
    enum Kind : unsigned { kMalloc, kCalloc, kRealloc, kAligned, kFree, kKindCount };
    Kind kind;
    unsigned slot;  ///< taken modulo the number of slots
    std::size_t size_bytes;
    unsigned alignment_shift;  ///< aligned: 16 << (shift % 6)
};

class HeapModel {
public:
    static constexpr std::size_t kSlots = 32;

    /// `allocator` stays the caller's. All requests are expected to succeed or to fail with
    /// ENOMEM; `must_succeed` forbids the failures.
    HeapModel(const dearth_allocator& allocator, bool must_succeed)
        : allocator_(allocator), must_succeed_(must_succeed), slots_(kSlots) {}
    HeapModel(const HeapModel&) = delete;
    HeapModel& operator=(const HeapModel&) = delete;

    /// Empty: real and model agree. Otherwise one sentence.
    std::string apply(const HeapOperation& operation) {
        Slot& slot = slots_[operation.slot % kSlots];
        switch (operation.kind) {
            case HeapOperation::kRealloc:
                return resize(slot, operation.size_bytes);
            case HeapOperation::kFree:
                return release(slot);
            default:
                if (const std::string wrong = release(slot); !wrong.empty()) {
                    return wrong;
                }
                return make(slot, operation);
        }
    }

    /// Checks and frees whatever is left.
    std::string release_all() {
        for (Slot& slot : slots_) {
            if (const std::string wrong = release(slot); !wrong.empty()) {
                return wrong;
            }
        }
        return {};
    }

    std::size_t live_blocks() const { return by_address_.size(); }
    std::size_t live_bytes() const {
        std::size_t total = 0;
        for (const auto& [address, size_bytes] : by_address_) {
            total += size_bytes;
        }
        return total;
    }

private:
    struct Slot {
        unsigned char* block = nullptr;
        std::size_t size_bytes = 0;
        unsigned char seed = 0;
    };

    static unsigned char expected_byte(unsigned char seed, std::size_t index) {
        return static_cast<unsigned char>(seed + index * 7);
    }

    std::string make(Slot& slot, const HeapOperation& operation) {
        const std::size_t alignment = operation.kind == HeapOperation::kAligned
                                          ? std::size_t{16} << (operation.alignment_shift % 6)
                                          : 16;
        errno = kMark;
        void* made = nullptr;
        if (operation.kind == HeapOperation::kCalloc) {
            made = allocator_.calloc(allocator_.ctx, 1, operation.size_bytes);
        } else if (operation.kind == HeapOperation::kAligned) {
            made = allocator_.aligned_alloc(allocator_.ctx, alignment, operation.size_bytes);
        } else {
            made = allocator_.malloc(allocator_.ctx, operation.size_bytes);
        }
        if (made == nullptr) {
            return check_failure();
        }
        slot.block = static_cast<unsigned char*>(made);
        slot.size_bytes = operation.size_bytes;
        if (operation.kind == HeapOperation::kCalloc) {
            for (std::size_t index = 0; index < slot.size_bytes; ++index) {
                if (slot.block[index] != 0) {
                    return "calloc gave a byte that is not zero";
                }
            }
        }
        return enter(slot, alignment);
    }

    std::string resize(Slot& slot, std::size_t size_bytes) {
        if (const std::string wrong = check_contents(slot, slot.size_bytes); !wrong.empty()) {
            return wrong;
        }
        errno = kMark;
        void* resized = allocator_.realloc(allocator_.ctx, slot.block, size_bytes);
        if (resized == nullptr) {
            const std::string wrong = check_failure();
            return wrong.empty() ? check_contents(slot, slot.size_bytes) : wrong;
        }
        const std::size_t kept = slot.size_bytes < size_bytes ? slot.size_bytes : size_bytes;
        if (slot.block != nullptr) {
            by_address_.erase(slot.block);
        }
        slot.block = static_cast<unsigned char*>(resized);
        slot.size_bytes = size_bytes;
        if (const std::string wrong = check_contents(slot, kept); !wrong.empty()) {
            return wrong;
        }
        return enter(slot, 16);
    }

    std::string release(Slot& slot) {
        const std::string wrong = check_contents(slot, slot.size_bytes);
        if (slot.block != nullptr) {
            by_address_.erase(slot.block);
        }
        errno = kMark;
        allocator_.free(allocator_.ctx, slot.block);
        slot = Slot{};
        if (wrong.empty() && errno != kMark) {
            return "free changed errno";
        }
        return wrong;
    }

    std::string enter(Slot& slot, std::size_t alignment) {
        if (errno != kMark) {
            return "a request that succeeded changed errno";
        }
        if (reinterpret_cast<std::uintptr_t>(slot.block) % alignment != 0) {
            return "a block is not aligned";
        }
        if (overlaps(slot)) {
            return "a block overlaps another one";
        }
        by_address_[slot.block] = slot.size_bytes;
        slot.seed = static_cast<unsigned char>(++made_count_ * 31);
        for (std::size_t index = 0; index < slot.size_bytes; ++index) {
            slot.block[index] = expected_byte(slot.seed, index);
        }
        return {};
    }

    // A block of no bytes is one byte long here: its address must be its own.
    bool overlaps(const Slot& slot) const {
        const std::size_t size_bytes = slot.size_bytes == 0 ? 1 : slot.size_bytes;
        auto next = by_address_.lower_bound(slot.block);
        if (next != by_address_.end() && next->first < slot.block + size_bytes) {
            return true;
        }
        if (next == by_address_.begin()) {
            return false;
        }
        --next;
        return next->first + (next->second == 0 ? 1 : next->second) > slot.block;
    }

    static std::string check_contents(const Slot& slot, std::size_t count) {
        for (std::size_t index = 0; slot.block != nullptr && index < count; ++index) {
            if (slot.block[index] != expected_byte(slot.seed, index)) {
                return "byte " + std::to_string(index) + " of a block was lost";
            }
        }
        return {};
    }

    std::string check_failure() const {
        if (must_succeed_) {
            return "a request failed";
        }
        return errno == ENOMEM ? std::string{} : "a request failed without ENOMEM";
    }

    static constexpr int kMark = EDOM;

    dearth_allocator allocator_;
    bool must_succeed_;
    std::vector<Slot> slots_;
    std::map<unsigned char*, std::size_t> by_address_;
    unsigned made_count_ = 0;
};

}  // namespace dearth::tests
