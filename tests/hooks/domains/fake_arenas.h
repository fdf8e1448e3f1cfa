// An arena allocator for tests: counts, hands out arenas of any alignment, fails when told, and
// checks that each arena comes back once, with its size.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "dearth/allocator.h"

namespace dearth::hooks {

class FakeArenas {
public:
    // Bytes between the arena's start and a boundary of its size.
    size_t misalignment = 0;
    // Arenas handed out before the allocator fails; negative: no bound.
    int supply = -1;
    int given = 0;
    int refused = 0;

    FakeArenas() = default;
    FakeArenas(const FakeArenas&) = delete;
    FakeArenas& operator=(const FakeArenas&) = delete;
    ~FakeArenas() {
        for (const auto& [arena, pages] : live_) {
            std::free(pages);
        }
    }

    size_t live_count() const { return live_.size(); }

    dearth_arena_allocator table() { return {this, alloc, free}; }

private:
    static void* alloc(void* ctx, size_t size_bytes) {
        auto* self = static_cast<FakeArenas*>(ctx);
        EXPECT_EQ(size_bytes, DEARTH_ARENA_BYTES);
        if (self->supply == 0) {
            ++self->refused;
            errno = EAGAIN;  // must not reach the caller
            return nullptr;
        }
        self->supply -= self->supply > 0 ? 1 : 0;
        ++self->given;
        void* pages = std::aligned_alloc(size_bytes, 2 * size_bytes);
        void* arena = static_cast<char*>(pages) + self->misalignment;
        self->live_[arena] = pages;
        return arena;
    }

    static void free(void* ctx, void* arena, size_t size_bytes) {
        auto* self = static_cast<FakeArenas*>(ctx);
        EXPECT_EQ(size_bytes, DEARTH_ARENA_BYTES);
        const auto found = self->live_.find(arena);
        ASSERT_NE(found, self->live_.end());
        std::free(found->second);
        self->live_.erase(found);
        errno = EAGAIN;  // must not reach the caller
    }

    std::map<void*, void*> live_;  // arena to the pages it lies in
};

}  // namespace dearth::hooks
