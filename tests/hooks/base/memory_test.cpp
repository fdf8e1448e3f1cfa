// What a process sees of its own memory: its mappings, bytes that may not be there, pages in use,
// and its other threads.
#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "hooks/base/mapped_pages.h"
#include "hooks/base/memory_map.h"
#include "hooks/base/memory_reader.h"
#include "hooks/base/other_threads.h"

namespace dearth::hooks {
namespace {

int data_of_ours = 1;

bool keep_mapping(void* ctx, const Mapping& mapping) {
    static_cast<std::vector<Mapping>*>(ctx)->push_back(mapping);
    return true;
}

Mapping mapping_of(const void* pointer) {
    std::vector<Mapping> mappings;
    EXPECT_TRUE(for_each_mapping(&mappings, keep_mapping));
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    for (const Mapping& mapping : mappings) {
        if (mapping.low <= address && address < mapping.high) {
            return mapping;
        }
    }
    return {};
}

class Pages {
public:
    explicit Pages(size_t count, int kind = MAP_PRIVATE, int rights = PROT_READ | PROT_WRITE)
        : bytes_(count * kPageBytes),
          start_(static_cast<char*>(
              mmap(nullptr, bytes_, rights, kind | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {}
    ~Pages() { munmap(start_, bytes_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    char* page(size_t index) const { return start_ + index * kPageBytes; }

private:
    size_t bytes_;
    char* start_;
};

TEST(MemoryMap, TellsWhatAMappingIs) {
    const Mapping data = mapping_of(&data_of_ours);
    EXPECT_TRUE(data.is_readable && data.is_writable && data.is_file && !data.is_shared);
    int local = 0;
    EXPECT_TRUE(mapping_of(&local).is_stack);
    EXPECT_TRUE(mapping_of(std::vector<int>(1).data()).is_heap);
    const Pages shared(1, MAP_SHARED);
    EXPECT_TRUE(mapping_of(shared.page(0)).is_shared);
    const Pages closed(1, MAP_PRIVATE, PROT_NONE);
    const Mapping none = mapping_of(closed.page(0));
    EXPECT_TRUE(none.high != 0 && !none.is_readable && !none.is_writable && !none.is_file);
}

TEST(MemoryMap, ComesInOrderAndEndsWhenTheVisitorSaysSo) {
    std::vector<Mapping> mappings;
    errno = E2BIG;
    ASSERT_TRUE(for_each_mapping(&mappings, keep_mapping));
    EXPECT_EQ(errno, E2BIG);
    ASSERT_GT(mappings.size(), 5u);
    for (size_t index = 1; index < mappings.size(); ++index) {
        EXPECT_LE(mappings[index - 1].high, mappings[index].low);
    }
    int visits = 0;
    for_each_mapping(&visits, [](void* ctx, const Mapping&) {
        ++*static_cast<int*>(ctx);
        return false;
    });
    EXPECT_EQ(visits, 1);
}

TEST(MemoryReader, ReadsUpToWhatIsUnreadable) {
    const Pages pages(3);
    std::memset(pages.page(0), 'a', 3 * kPageBytes);
    ASSERT_EQ(mprotect(pages.page(1), kPageBytes, PROT_NONE), 0);
    std::vector<char> into(4 * kPageBytes);
    const iovec all = {pages.page(0), 3 * kPageBytes};
    errno = E2BIG;
    EXPECT_EQ(read_pieces(&all, 1, into.data(), into.size()), static_cast<ssize_t>(kPageBytes));
    const iovec closed = {pages.page(1), 8};
    EXPECT_EQ(read_pieces(&closed, 1, into.data(), into.size()), 0);
    EXPECT_EQ(errno, E2BIG);
    const iovec pieces[] = {{pages.page(0), 3}, {pages.page(2), 5}};
    EXPECT_EQ(read_pieces(pieces, 2, into.data(), into.size()), 8);
    EXPECT_EQ(std::string(into.data(), 8), "aaaaaaaa");
}

TEST(PageTable, FindsThePagesThatWereUsed) {
    const PageTable table;
    const Pages pages(1000);
    auto low = reinterpret_cast<uintptr_t>(pages.page(0));
    const auto end = reinterpret_cast<uintptr_t>(pages.page(1000));
    uintptr_t high = end;
    if (!table.can_tell()) {
        EXPECT_TRUE(table.find_used(low, high));
        EXPECT_EQ(high, end) << "all of it";
        return;
    }
    EXPECT_FALSE(table.find_used(low, high));
    *pages.page(500) = 1;
    *pages.page(501) = 1;
    low = reinterpret_cast<uintptr_t>(pages.page(0));
    high = end;
    ASSERT_TRUE(table.find_used(low, high));
    EXPECT_EQ(low, reinterpret_cast<uintptr_t>(pages.page(500)));
    EXPECT_EQ(high, reinterpret_cast<uintptr_t>(pages.page(502)));
    low = high;
    high = end;
    EXPECT_FALSE(table.find_used(low, high));
}

TEST(OwnPages, AreKnownUntilTheyAreUnmappedAndTheTargetsAreNot) {
    void* own = map_pages(3 * kPageBytes);
    void* target = map_target_pages(kPageBytes);
    const auto low = reinterpret_cast<uintptr_t>(own);
    const PageRange found = find_own_pages(low + kPageBytes, low + 2 * kPageBytes);
    EXPECT_EQ(found.low, low);
    EXPECT_EQ(found.high, low + 3 * kPageBytes);
    const auto other = reinterpret_cast<uintptr_t>(target);
    EXPECT_EQ(find_own_pages(other, other + kPageBytes).low, 0u);
    unmap_pages(own, 3 * kPageBytes);
    EXPECT_EQ(find_own_pages(low, low + kPageBytes).low, 0u);
    unmap_pages(target, kPageBytes);
}

struct Sleeper {
    int ends[2];
    uintptr_t frame;
    pthread_barrier_t both;
};

void* read_for_ever(void* argument) {
    auto& sleeper = *static_cast<Sleeper*>(argument);
    sleeper.frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    pthread_barrier_wait(&sleeper.both);
    char byte = 0;
    return read(sleeper.ends[0], &byte, 1) == 1 ? argument : nullptr;
}

TEST(OtherThreads, TellWhereTheyWait) {
    Sleeper sleeper = {};
    ASSERT_EQ(pipe(sleeper.ends), 0);
    pthread_barrier_init(&sleeper.both, nullptr, 2);
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, nullptr, read_for_ever, &sleeper), 0);
    pthread_barrier_wait(&sleeper.both);
    // It is on its way into read: look until it is there.
    std::vector<OtherThread> threads;
    for (int tries = 0; tries < 1'000'000; ++tries) {
        threads.clear();
        ASSERT_TRUE(for_each_other_thread(&threads, [](void* ctx, const OtherThread& one) {
            static_cast<std::vector<OtherThread>*>(ctx)->push_back(one);
        }));
        ASSERT_EQ(threads.size(), 1u);
        if (threads[0].argument_count == 6 &&
            threads[0].arguments[0] == static_cast<uint64_t>(sleeper.ends[0])) {
            break;
        }
        sched_yield();
    }
    EXPECT_LT(threads[0].stack_pointer, sleeper.frame);
    EXPECT_GT(threads[0].stack_pointer, sleeper.frame - 8192);
    EXPECT_EQ(threads[0].arguments[2], 1u) << "the third argument of read";
    ASSERT_EQ(write(sleeper.ends[1], "x", 1), 1);
    pthread_join(thread, nullptr);
    close(sleeper.ends[0]);
    close(sleeper.ends[1]);
}

}  // namespace
}  // namespace dearth::hooks
