#include "hooks/record/stack_depot.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "hooks/record/call_stack.h"

namespace dearth::hooks {
namespace {

std::vector<void*> made_up_frames(uintptr_t seed, size_t depth) {
    std::vector<void*> frames;
    for (size_t index = 0; index < depth; ++index) {
        frames.push_back(reinterpret_cast<void*>(seed * 4096 + index * 16 + 1));
    }
    return frames;
}

TEST(StackDepot, EqualFramesAreOneStack) {
    const auto frames = made_up_frames(1, 5);
    const auto others = made_up_frames(2, 5);
    const StackId id = intern_stack(frames.data(), frames.size());
    ASSERT_NE(id, 0u);
    EXPECT_EQ(intern_stack(frames.data(), frames.size()), id);
    EXPECT_NE(intern_stack(others.data(), others.size()), id);
    EXPECT_NE(intern_stack(frames.data(), 4), id);
    void* const* kept = nullptr;
    ASSERT_EQ(stack_frames(id, &kept), 5u);
    EXPECT_EQ(std::memcmp(kept, frames.data(), 5 * sizeof(void*)), 0);
}

TEST(StackDepot, NoFramesAreNoStack) {
    EXPECT_EQ(intern_stack(nullptr, 0), 0u);
    EXPECT_EQ(stack_site(0), 0u);
    EXPECT_EQ(count_selected(0), 0u);
    void* const* kept = nullptr;
    EXPECT_EQ(stack_frames(0, &kept), 0u);
}

TEST(StackDepot, ManyStacksStayApart) {
    std::set<StackId> ids;
    constexpr uintptr_t kStacks = 20000;  // more than the first buckets hold
    for (uintptr_t seed = 100; seed < 100 + kStacks; ++seed) {
        const auto frames = made_up_frames(seed, 1 + seed % kDepotFramesMax);
        ids.insert(intern_stack(frames.data(), frames.size()));
    }
    EXPECT_EQ(ids.size(), kStacks);
    EXPECT_EQ(ids.count(0), 0u);
    for (uintptr_t seed = 100; seed < 100 + kStacks; seed += 777) {
        const auto frames = made_up_frames(seed, 1 + seed % kDepotFramesMax);
        EXPECT_EQ(ids.count(intern_stack(frames.data(), frames.size())), 1u);
    }
    EXPECT_FALSE(stack_depot_is_full());
}

TEST(StackDepot, SelectedCountsAreOneForEachStack) {
    const auto frames = made_up_frames(7, 3);
    const auto others = made_up_frames(8, 3);
    const StackId id = intern_stack(frames.data(), frames.size());
    const StackId other = intern_stack(others.data(), others.size());
    reset_selected_counts();
    EXPECT_EQ(count_selected(id), 1u);
    EXPECT_EQ(count_selected(id), 2u);
    EXPECT_EQ(stack_selected_count(id), 2u);
    EXPECT_EQ(stack_selected_count(other), 0u);
    reset_selected_counts();
    EXPECT_EQ(stack_selected_count(id), 0u);
}

__attribute__((noinline)) uint64_t site_of_this_place() {
    call_stack_prepare();
    return stack_site(intern_current_stack(__builtin_return_address(0)));
}

// Runs this very program anew, with the one test that prints its site.
std::string output_of_another_process() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("DEARTH_TEST_PRINT_SITE", "1", 1);
        execl("/proc/self/exe", "hooks_record_test",
              "--gtest_filter=StackDepot.PrintsItsSiteWhenAsked", nullptr);
        _exit(127);
    }
    close(ends[1]);
    std::string output;
    char buffer[512];
    for (ssize_t count = 0; (count = read(ends[0], buffer, sizeof(buffer))) > 0;) {
        output.append(buffer, static_cast<size_t>(count));
    }
    close(ends[0]);
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return output;
}

std::string line_after(const std::string& text, const std::string& word) {
    const size_t start = text.find(word);
    return start == std::string::npos ? "" : text.substr(start, text.find('\n', start) - start);
}

// The same program, loaded elsewhere: the site must not know.
TEST(StackDepot, SiteIsTheSameInAnotherProcess) {
    std::set<std::string> sites;
    for (int round = 0; round < 3; ++round) {
        sites.insert(line_after(output_of_another_process(), "site "));
    }
    ASSERT_EQ(sites.size(), 1u);
    EXPECT_NE(*sites.begin(), "");
}

TEST(StackDepot, PrintsItsSiteWhenAsked) {
    if (getenv("DEARTH_TEST_PRINT_SITE") != nullptr) {
        std::printf("site %lx\n", static_cast<unsigned long>(site_of_this_place()));
    }
    EXPECT_NE(site_of_this_place(), 0u);
}

}  // namespace
}  // namespace dearth::hooks
