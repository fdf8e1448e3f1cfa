// PEP 445's rules, each over every entry point of every domain; get and set; the arena allocator;
// places; debug hooks.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "dearth/allocator.h"
#include "hooks/base/next_place.h"
#include "tests/hooks/domains/fake_arenas.h"
#include "tests/hooks/domains/fake_debug_layers.h"

namespace dearth::hooks {

namespace {

// Ways to get a block of some size from a domain.
struct EntryPoint {
    const char* name;
    void* (*request)(size_t size_bytes);
    void* (*resize)(void* block, size_t size_bytes);
    void (*release)(void* block);
    bool is_zeroed;
};

template <dearth_domain kDomain>
void* resize_at(void* block, size_t size_bytes) {
    return dearth_realloc_at(kDomain, block, size_bytes, __FILE__, __LINE__);
}

const EntryPoint kEntryPoints[] = {
    {"raw malloc", dearth_raw_malloc, dearth_raw_realloc, dearth_raw_free, false},
    {"raw calloc", [](size_t n) { return dearth_raw_calloc(n, 1); }, dearth_raw_realloc,
     dearth_raw_free, true},
    {"raw realloc", [](size_t n) { return dearth_raw_realloc(nullptr, n); }, dearth_raw_realloc,
     dearth_raw_free, false},
    {"raw malloc at", [](size_t n) { return DEARTH_RAW_MALLOC(n); }, resize_at<DEARTH_DOMAIN_RAW>,
     dearth_raw_free, false},
    {"raw calloc at", [](size_t n) { return DEARTH_RAW_CALLOC(1, n); },
     resize_at<DEARTH_DOMAIN_RAW>, dearth_raw_free, true},
    {"raw realloc at", [](size_t n) { return DEARTH_RAW_REALLOC(nullptr, n); },
     resize_at<DEARTH_DOMAIN_RAW>, dearth_raw_free, false},
    {"mem malloc", dearth_mem_malloc, dearth_mem_realloc, dearth_mem_free, false},
    {"mem calloc", [](size_t n) { return dearth_mem_calloc(1, n); }, dearth_mem_realloc,
     dearth_mem_free, true},
    {"mem realloc", [](size_t n) { return dearth_mem_realloc(nullptr, n); }, dearth_mem_realloc,
     dearth_mem_free, false},
    {"mem malloc at", [](size_t n) { return DEARTH_MEM_MALLOC(n); }, resize_at<DEARTH_DOMAIN_MEM>,
     dearth_mem_free, false},
    {"mem calloc at", [](size_t n) { return DEARTH_MEM_CALLOC(n, 1); },
     resize_at<DEARTH_DOMAIN_MEM>, dearth_mem_free, true},
    {"mem realloc at", [](size_t n) { return DEARTH_MEM_REALLOC(nullptr, n); },
     resize_at<DEARTH_DOMAIN_MEM>, dearth_mem_free, false},
    {"object malloc", dearth_object_malloc, dearth_object_realloc, dearth_object_free, false},
    {"object calloc", [](size_t n) { return dearth_object_calloc(n, 1); }, dearth_object_realloc,
     dearth_object_free, true},
    {"object realloc", [](size_t n) { return dearth_object_realloc(nullptr, n); },
     dearth_object_realloc, dearth_object_free, false},
    {"object malloc at", [](size_t n) { return DEARTH_OBJECT_MALLOC(n); },
     resize_at<DEARTH_DOMAIN_OBJECT>, dearth_object_free, false},
    {"object calloc at", [](size_t n) { return DEARTH_OBJECT_CALLOC(1, n); },
     resize_at<DEARTH_DOMAIN_OBJECT>, dearth_object_free, true},
    {"object realloc at", [](size_t n) { return DEARTH_OBJECT_REALLOC(nullptr, n); },
     resize_at<DEARTH_DOMAIN_OBJECT>, dearth_object_free, false},
};

class EveryEntryPoint : public testing::TestWithParam<EntryPoint> {};

INSTANTIATE_TEST_SUITE_P(Domains, EveryEntryPoint, testing::ValuesIn(kEntryPoints),
                         [](const testing::TestParamInfo<EntryPoint>& entry) {
                             std::string name = entry.param.name;
                             for (char& letter : name) {
                                 letter = letter == ' ' ? '_' : letter;
                             }
                             return name;
                         });

constexpr size_t kSizes[] = {0, 1, 15, 16, 17, 100, 511, 512, 513, 4096, 100000};

TEST_P(EveryEntryPoint, GivesAlignedWritableBlocksAndKeepsErrno) {
    for (const size_t size : kSizes) {
        SCOPED_TRACE(size);
        errno = 77;
        auto* block = static_cast<unsigned char*>(GetParam().request(size));
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(errno, 77);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 16, 0u);
        for (size_t index = 0; GetParam().is_zeroed && index < size; ++index) {
            ASSERT_EQ(block[index], 0) << index;
        }
        std::memset(block, 0xEE, size);
        GetParam().release(block);
        EXPECT_EQ(errno, 77);
    }
}

TEST_P(EveryEntryPoint, GivesDistinctBlocksForZeroBytes) {
    void* first = GetParam().request(0);
    void* second = GetParam().request(0);
    EXPECT_NE(first, nullptr);
    EXPECT_NE(second, nullptr);
    EXPECT_NE(first, second);
    GetParam().release(first);
    GetParam().release(second);
}

TEST_P(EveryEntryPoint, RefusesMoreThanPtrdiffMax) {
    for (const size_t size : {size_t{PTRDIFF_MAX} + 1, SIZE_MAX - 15, SIZE_MAX}) {
        errno = 0;
        EXPECT_EQ(GetParam().request(size), nullptr);
        EXPECT_EQ(errno, ENOMEM);
    }
}

TEST_P(EveryEntryPoint, ResizingKeepsContents) {
    for (const size_t from : kSizes) {
        for (const size_t to : kSizes) {
            auto* block = static_cast<char*>(GetParam().request(from));
            std::memset(block, 'a', from);
            errno = 77;
            block = static_cast<char*>(GetParam().resize(block, to));
            ASSERT_NE(block, nullptr);
            EXPECT_EQ(errno, 77);
            const size_t kept = std::min(from, to);
            EXPECT_EQ(std::string(block, kept), std::string(kept, 'a')) << from << " to " << to;
            std::memset(block, 'b', to);
            GetParam().release(block);
        }
    }
}

TEST_P(EveryEntryPoint, AFailedResizeLeavesTheBlockAlone) {
    for (const size_t size : {size_t{100}, size_t{1000}}) {
        auto* block = static_cast<char*>(GetParam().request(size));
        std::memset(block, 'a', size);
        errno = 0;
        EXPECT_EQ(GetParam().resize(block, SIZE_MAX), nullptr);
        EXPECT_EQ(errno, ENOMEM);
        EXPECT_EQ(std::string(block, size), std::string(size, 'a'));
        GetParam().release(block);
    }
}

TEST_P(EveryEntryPoint, FreesNothingWithoutEffect) {
    errno = 77;
    GetParam().release(nullptr);
    EXPECT_EQ(errno, 77);
}

TEST(Domains, ArraysThatDoNotFitFail) {
    for (auto* request : {dearth_raw_calloc, dearth_mem_calloc, dearth_object_calloc}) {
        for (const auto& [count, size] : {std::pair<size_t, size_t>{SIZE_MAX, 2},
                                          {2, SIZE_MAX},
                                          {size_t{1} << 32, size_t{1} << 32},
                                          {size_t{1} << 62, 2}}) {
            errno = 0;
            EXPECT_EQ(request(count, size), nullptr);
            EXPECT_EQ(errno, ENOMEM);
        }
        void* empty = request(0, SIZE_MAX);
        EXPECT_NE(empty, nullptr) << "no bytes after all";
        (request == dearth_raw_calloc   ? dearth_raw_free
         : request == dearth_mem_calloc ? dearth_mem_free
                                        : dearth_object_free)(empty);
    }
}

TEST(Domains, AnUnknownDomainHasNoAllocator) {
    const auto unknown = static_cast<dearth_domain>(DEARTH_DOMAIN_COUNT);
    dearth_allocator allocator;
    std::memset(&allocator, 0xEE, sizeof allocator);
    dearth_get_allocator(unknown, &allocator);
    EXPECT_EQ(allocator.malloc, nullptr);
    EXPECT_EQ(allocator.ctx, nullptr);
    dearth_get_allocator(DEARTH_DOMAIN_RAW, &allocator);
    dearth_set_allocator(unknown, &allocator);
    errno = 0;
    EXPECT_EQ(dearth_malloc_at(unknown, 1, "file", 1), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(dearth_calloc_at(unknown, 1, 1, "file", 1), nullptr);
    EXPECT_EQ(dearth_realloc_at(unknown, nullptr, 1, "file", 1), nullptr);
}

// An allocator around the one a domain had, as PEP 445 shows it; back off at the end.
class Wrapper {
public:
    explicit Wrapper(dearth_domain domain) : domain_(domain) {
        dearth_get_allocator(domain, &beneath_);
        const dearth_allocator table = {this, malloc, calloc, realloc, free, nullptr, nullptr};
        dearth_set_allocator(domain, &table);
    }
    ~Wrapper() { dearth_set_allocator(domain_, &beneath_); }
    Wrapper(const Wrapper&) = delete;
    Wrapper& operator=(const Wrapper&) = delete;

    std::vector<std::string> calls;
    std::vector<NextPlace> places;
    bool is_failing = false;

private:
    static Wrapper& note(void* ctx, const char* call) {
        auto* self = static_cast<Wrapper*>(ctx);
        self->calls.emplace_back(call);
        self->places.push_back(next_place);
        return *self;
    }
    static void* malloc(void* ctx, size_t size) {
        Wrapper& self = note(ctx, "malloc");
        return self.is_failing ? nullptr : self.beneath_.malloc(self.beneath_.ctx, size);
    }
    static void* calloc(void* ctx, size_t count, size_t size) {
        Wrapper& self = note(ctx, "calloc");
        return self.beneath_.calloc(self.beneath_.ctx, count, size);
    }
    static void* realloc(void* ctx, void* block, size_t size) {
        Wrapper& self = note(ctx, "realloc");
        return self.beneath_.realloc(self.beneath_.ctx, block, size);
    }
    static void free(void* ctx, void* block) {
        Wrapper& self = note(ctx, "free");
        self.beneath_.free(self.beneath_.ctx, block);
    }

    dearth_domain domain_;
    dearth_allocator beneath_ = {};
};

TEST(Domains, RequestsGoThroughTheAllocatorThatWasSet) {
    Wrapper raw(DEARTH_DOMAIN_RAW);
    Wrapper mem(DEARTH_DOMAIN_MEM);
    void* block = dearth_raw_malloc(8);
    block = dearth_raw_realloc(block, 16);
    dearth_raw_free(block);
    dearth_raw_free(dearth_raw_calloc(1, 8));
    dearth_raw_free(nullptr);
    EXPECT_EQ(raw.calls, (std::vector<std::string>{"malloc", "realloc", "free", "calloc", "free"}));
    EXPECT_TRUE(mem.calls.empty());
}

TEST(Domains, WhatIsSetIsWhatIsRead) {
    dearth_allocator before;
    dearth_get_allocator(DEARTH_DOMAIN_MEM, &before);
    {
        Wrapper mem(DEARTH_DOMAIN_MEM);
        dearth_allocator now;
        dearth_get_allocator(DEARTH_DOMAIN_MEM, &now);
        EXPECT_EQ(now.ctx, &mem);
        EXPECT_NE(now.malloc, before.malloc);
    }
    dearth_allocator after;
    dearth_get_allocator(DEARTH_DOMAIN_MEM, &after);
    EXPECT_EQ(after.ctx, before.ctx);
    EXPECT_EQ(after.malloc, before.malloc);
}

TEST(Domains, LargeObjectsFallThroughToTheMemDomainAsItIsNow) {
    Wrapper mem(DEARTH_DOMAIN_MEM);
    dearth_object_free(dearth_object_malloc(DEARTH_SMALL_REQUEST_BYTES));
    EXPECT_TRUE(mem.calls.empty());
    dearth_object_free(dearth_object_malloc(DEARTH_SMALL_REQUEST_BYTES + 1));
    EXPECT_EQ(mem.calls, (std::vector<std::string>{"malloc", "free"}));
}

TEST(Domains, RefusedRequestsDoNotReachTheAllocator) {
    Wrapper mem(DEARTH_DOMAIN_MEM);
    EXPECT_EQ(dearth_mem_malloc(SIZE_MAX), nullptr);
    EXPECT_EQ(dearth_mem_calloc(SIZE_MAX, SIZE_MAX), nullptr);
    EXPECT_EQ(dearth_mem_realloc(nullptr, SIZE_MAX), nullptr);
    EXPECT_TRUE(mem.calls.empty());
}

TEST(Domains, ArenasComeFromTheArenaAllocatorThatWasSet) {
    FakeArenas arenas;
    dearth_arena_allocator before;
    dearth_get_arena_allocator(&before);
    const dearth_arena_allocator table = arenas.table();
    dearth_set_arena_allocator(&table);
    dearth_arena_allocator now;
    dearth_get_arena_allocator(&now);
    EXPECT_EQ(now.ctx, &arenas);
    void* block = dearth_object_malloc(8);
    EXPECT_EQ(arenas.live_count(), 1u);
    dearth_object_free(block);
    EXPECT_EQ(arenas.live_count(), 0u);
    dearth_set_arena_allocator(&before);
}

TEST(Domains, TheDefaultArenaAllocatorMapsAndUnmaps) {
    dearth_arena_allocator arenas;
    dearth_get_arena_allocator(&arenas);
    auto* arena = static_cast<char*>(arenas.alloc(arenas.ctx, DEARTH_ARENA_BYTES));
    ASSERT_NE(arena, nullptr);
    arena[0] = 1;
    arena[DEARTH_ARENA_BYTES - 1] = 1;
    arenas.free(arenas.ctx, arena, DEARTH_ARENA_BYTES);
    errno = 0;
    EXPECT_EQ(arenas.alloc(arenas.ctx, SIZE_MAX / 2), nullptr);
    EXPECT_EQ(errno, ENOMEM);
}

TEST(Domains, APlaceIsThereForOneRequest) {
    Wrapper mem(DEARTH_DOMAIN_MEM);
    const int line = __LINE__ + 1;
    void* block = DEARTH_MEM_MALLOC(8);
    block = dearth_realloc_at(DEARTH_DOMAIN_MEM, block, 9, "other.c", 7);
    block = dearth_mem_realloc(block, 10);
    dearth_mem_free(block);
    ASSERT_EQ(mem.places.size(), 4u);
    EXPECT_STREQ(mem.places[0].file, __FILE__);
    EXPECT_EQ(mem.places[0].line, line);
    EXPECT_STREQ(mem.places[1].file, "other.c");
    EXPECT_EQ(mem.places[1].line, 7);
    EXPECT_EQ(mem.places[2].file, nullptr);
    EXPECT_EQ(mem.places[3].file, nullptr);
}

TEST(Domains, APlaceOfARefusedRequestIsGone) {
    EXPECT_EQ(DEARTH_MEM_MALLOC(SIZE_MAX), nullptr);
    EXPECT_EQ(take_next_place().file, nullptr);
}

TEST(Domains, TypedArraysAreCheckedForOverflow) {
    auto* numbers = DEARTH_MEM_NEW(long, 10);
    ASSERT_NE(numbers, nullptr);
    numbers[9] = 1;
    dearth_mem_free(numbers);
    EXPECT_EQ(DEARTH_MEM_NEW(long, SIZE_MAX / sizeof(long) + 2), nullptr);
}

TEST(Domains, DebugHooksGoOnEveryDomainOnce) {
    // A refusal is said, leaves the domain as it was, and may be tried again.
    refuse_debug_layers(true);
    testing::internal::CaptureStderr();
    dearth_setup_debug_hooks();
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "dearth: no debug hooks on domain 0, error 16\n"
              "dearth: no debug hooks on domain 1, error 16\n"
              "dearth: no debug hooks on domain 2, error 16\n");
    refuse_debug_layers(false);

    dearth_allocator before[DEARTH_DOMAIN_COUNT];
    for (int domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        dearth_get_allocator(static_cast<dearth_domain>(domain), &before[domain]);
    }
    dearth_setup_debug_hooks();
    dearth_setup_debug_hooks();
    for (int each = 0; each < DEARTH_DOMAIN_COUNT; ++each) {
        const auto domain = static_cast<dearth_domain>(each);
        FakeDebugLayer& layer = fake_debug_layer(domain);
        EXPECT_EQ(layer.installs, 1) << each;
        EXPECT_EQ(layer.beneath.malloc, before[each].malloc);
        const int requests_before = layer.requests;
        void* block = dearth_malloc_at(domain, 100, "file", 1);
        EXPECT_EQ(layer.requests, requests_before + 1);
        before[each].free(before[each].ctx, block);
        dearth_allocator now;
        dearth_get_allocator(domain, &now);
        EXPECT_EQ(now.ctx, &layer);
    }
    for (int domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        dearth_set_allocator(static_cast<dearth_domain>(domain), &before[domain]);
    }
}

}  // namespace

}  // namespace dearth::hooks
